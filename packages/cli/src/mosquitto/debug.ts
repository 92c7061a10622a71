import {
  TRACE_MQTT_ACKNOWLEDGED,
  TRACE_MQTT_CONNACK,
  TRACE_MQTT_CONNECT,
  TRACE_MQTT_PING,
  TRACE_MQTT_PING_ANSWERED,
  TRACE_MQTT_PUBLISH_SENT,
  TRACE_MQTT_RELEASED,
  TRACE_MQTT_RESENT,
  TRACE_MQTT_SENT,
  type TraceRef,
} from '@strata/contracts';
import {
  MQTT_DISCONNECT,
  MQTT_PUBACK,
  MQTT_PUBCOMP,
  MQTT_PUBREC,
  MQTT_PUBREL,
  MQTT_SUBACK,
  MQTT_SUBSCRIBE,
  MQTT_UNSUBACK,
  MQTT_UNSUBSCRIBE,
  type MqttMessage,
} from '@strata/mqtt';
import type { TraceListener } from '@strata/stack';

/** A message about to be published. */
interface Outgoing {
  readonly topic: string;
  readonly bytes: number;
}

/** What `-d` prints: the line of libmosquitto for each MQTT packet, made from the client's trace events. */
export class MosquittoDebug implements TraceListener {
  private readonly clientId: string;
  private readonly host: string;
  private readonly print: (line: string) => void;
  /** Messages handed to the client and not yet seen leaving; those with QoS 1 that have left, by identifier. */
  private readonly outgoing: Outgoing[];
  private readonly inFlight: Map<number, Outgoing>;
  /** PUBACKs and PUBRECs sent for messages that have not been told of yet: the client acknowledges before it is read. */
  private readonly early: Set<number>;
  /** Filters in the order in which they are asked for. */
  private readonly requests: { readonly filter: string; readonly qos: number }[];

  constructor(clientId: string, host: string, print: (line: string) => void) {
    this.clientId = clientId;
    this.host = host;
    this.print = print;
    this.outgoing = [];
    this.inFlight = new Map();
    this.early = new Set();
    this.requests = [];
  }

  /** To be called before the client's `publish`. */
  publishing(topic: string, bytes: number): void {
    this.outgoing.push({ topic, bytes });
  }

  /** To be called before the client's `subscribe` or `unsubscribe`. */
  requesting(filter: string, qos: number): void {
    this.requests.push({ filter, qos });
  }

  /** To be called with each message received, soon after it was. */
  received(message: MqttMessage): void {
    const { dup, qos, retain, id, topic, payload } = message;
    this.say(
      `received PUBLISH (d${Number(dup)}, q${qos}, r${Number(retain)}, m${id}, '${topic}', ... (${payload.length} bytes))`,
    );
    if (this.early.delete(id)) {
      this.say(`sending ${qos === 2 ? 'PUBREC' : 'PUBACK'} (m${id}, rc0)`);
    }
  }

  traced(
    source: string,
    _time: number,
    id: number,
    a: number,
    b: number,
    c: number,
    d: number,
    _ref: TraceRef | null,
  ): void {
    if (source !== this.host) {
      return;
    }
    switch (id) {
      case TRACE_MQTT_CONNECT:
        this.say('sending CONNECT');
        return;
      case TRACE_MQTT_CONNACK:
        this.say(`received CONNACK (${a})`);
        return;
      case TRACE_MQTT_PUBLISH_SENT: {
        const message = this.outgoing.shift();
        if (message !== undefined && a > 0) {
          this.inFlight.set(b, message);
        }
        this.publish(0, a, d, b, message);
        return;
      }
      case TRACE_MQTT_RESENT:
        this.publish(1, a, 0, b, this.inFlight.get(b));
        return;
      case TRACE_MQTT_SENT:
        this.sent(a, b);
        return;
      case TRACE_MQTT_ACKNOWLEDGED:
        this.acknowledged(a, b, c);
        return;
      case TRACE_MQTT_RELEASED:
        this.say(`received PUBREL (Mid: ${a})`);
        return;
      case TRACE_MQTT_PING:
        this.say('sending PINGREQ');
        return;
      case TRACE_MQTT_PING_ANSWERED:
        this.say('received PINGRESP');
        return;
      default:
    }
  }

  private publish(dup: number, qos: number, retain: number, id: number, message: Outgoing | undefined): void {
    const { topic = '', bytes = 0 } = message ?? {};
    this.say(`sending PUBLISH (d${dup}, q${qos}, r${retain}, m${id}, '${topic}', ... (${bytes} bytes))`);
  }

  private sent(type: number, id: number): void {
    switch (type) {
      case MQTT_SUBSCRIBE: {
        const request = this.requests.shift();
        // One that the client makes again by itself is not ours to name.
        const what = request === undefined ? '' : `, Topic: ${request.filter}, QoS: ${request.qos}, Options: 0x00`;
        this.say(`sending SUBSCRIBE (Mid: ${id}${what})`);
        return;
      }
      case MQTT_UNSUBSCRIBE:
        this.say(`sending UNSUBSCRIBE (Mid: ${id}, Topic: ${this.requests.shift()?.filter})`);
        return;
      case MQTT_PUBACK:
      case MQTT_PUBREC:
        this.early.add(id);
        return;
      case MQTT_PUBREL:
        this.say(`sending PUBREL (m${id})`);
        return;
      case MQTT_PUBCOMP:
        this.say(`sending PUBCOMP (m${id})`);
        return;
      case MQTT_DISCONNECT:
        this.say('sending DISCONNECT');
        return;
      default:
    }
  }

  private acknowledged(type: number, id: number, code: number): void {
    switch (type) {
      case MQTT_PUBACK:
        this.inFlight.delete(id);
        this.say(`received PUBACK (Mid: ${id}, RC:0)`);
        return;
      case MQTT_PUBREC:
        this.say(`received PUBREC (Mid: ${id})`);
        return;
      case MQTT_PUBCOMP:
        this.inFlight.delete(id);
        this.say(`received PUBCOMP (Mid: ${id}, RC:0)`);
        return;
      case MQTT_SUBACK:
        this.say('received SUBACK');
        this.print(`Subscribed (mid: ${id}): ${code}`);
        return;
      case MQTT_UNSUBACK:
        this.say('received UNSUBACK');
        return;
      default:
    }
  }

  private say(what: string): void {
    this.print(`Client ${this.clientId} ${what}`);
  }
}
