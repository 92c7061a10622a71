import { type Deferred, LAYER_MQTT, type TimeService, TRACE_EVENTS } from '@strata/contracts';
import type { MqttClient } from '@strata/mqtt';
import type { TraceListener } from '@strata/stack';

const NAMES = new Map(TRACE_EVENTS.map(({ id, name }) => [id, name]));

/**
 * What `--inspect` prints: after each thing that happened to the MQTT client, one line of JSON with the moment in
 * microseconds, the names of the trace events, and the session as `MqttClient.inspect` has it.
 */
export class SessionInspector implements TraceListener, Deferred {
  private readonly host: string;
  private readonly time: TimeService;
  private readonly client: MqttClient;
  private readonly print: (line: string) => void;
  /** What happened since the last line. */
  private happened: string[];

  constructor(host: string, time: TimeService, client: MqttClient, print: (line: string) => void) {
    this.host = host;
    this.time = time;
    this.client = client;
    this.print = print;
    this.happened = [];
  }

  traced(...event: Parameters<TraceListener['traced']>): void {
    const [source, , id] = event;
    if (source !== this.host || id >> 8 !== LAYER_MQTT) {
      return;
    }
    // The client is in the middle of it: the session is looked at when the event is over.
    if (this.happened.length === 0) {
      this.time.defer(this);
    }
    this.happened.push(NAMES.get(id) ?? String(id));
  }

  run(): void {
    const { happened } = this;
    this.happened = [];
    this.print(JSON.stringify({ time: this.time.now, events: happened, session: this.client.inspect() }));
  }
}
