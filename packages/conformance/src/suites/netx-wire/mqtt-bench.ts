import type { Packet } from '@strata/contracts';
import { MqttSession, type Profile } from '@strata/stack';
import type { TcpSocket } from '@strata/tcp';
import type { Trial } from '../../suite/trial.ts';
import { NetxBench } from './bench.ts';

const MQTT_PORT = 1883;
const CONNECT = 1;
const PUBLISH = 3;
const SUBSCRIBE = 8;
const UNSUBSCRIBE = 10;
const PINGREQ = 12;

/** What the scripted broker answers by itself. */
export interface BrokerManners {
  /** The CONNACK's flags, in the order of the connections; the last one stays. Default 0. */
  readonly sessionPresent?: readonly number[];
  /** Acknowledge QoS 1. Default true. */
  acknowledges?: boolean;
  /** Answer PINGREQ. Default true. */
  pongs?: boolean;
}

/** The two nodes with NetX's MQTT client on `a` and a scripted broker on `b`, which listens again after every connection. */
export class MqttBench {
  readonly bench: NetxBench;
  readonly client: MqttSession['client'];
  readonly manners: BrokerManners;
  private readonly broker: TcpSocket;
  private connections: number;
  /** What has come of a message that is not whole yet. */
  private partial: number[];

  constructor(trial: Trial, manners: BrokerManners = {}, profile: Profile = trial.profile) {
    this.bench = new NetxBench(trial, { data: true, profile });
    this.manners = manners;
    this.connections = 0;
    this.partial = [];
    const { a, b } = this.bench;
    this.client = new MqttSession(a, { clientId: 'netxcli', broker: '192.168.100.2' }).client;
    this.bench.atEnd.push(() => this.client.delete());
    this.broker = this.bench.socketOf(b);
    this.bench.until(10);
    b.tcp.serverListen(MQTT_PORT, this.broker, 5, null);
    this.broker.accept();
    this.broker.listener = this.bench.ear({
      receivable: () => this.hear(),
      peerFinished: () => {
        this.hear();
        this.broker.disconnect(false);
      },
      closed: () => this.listenAgain(),
    });
  }

  /** The broker sends these octets, in one segment. */
  say(...parts: readonly (string | Uint8Array)[]): void {
    const packet = this.broker.allocate() as Packet;
    for (const part of parts) {
      const bytes = typeof part === 'string' ? octets(part) : part;
      packet.appendBytes(bytes, 0, bytes.length);
    }
    if (this.broker.send(packet) !== 0) packet.release();
    this.bench.settle();
  }

  private listenAgain(): void {
    this.partial = [];
    this.broker.unaccept();
    this.bench.b.tcp.relisten(MQTT_PORT, this.broker);
    this.broker.accept();
  }

  private hear(): void {
    for (let packet = this.broker.receive(); packet !== null; packet = this.broker.receive()) {
      const bytes = new Uint8Array(packet.length);
      packet.extract(0, bytes, 0, bytes.length);
      packet.release();
      this.partial.push(...bytes);
    }
    for (let whole = this.take(); whole !== null; whole = this.take()) this.answer(whole);
  }

  /** The next control packet that is whole. */
  private take(): number[] | null {
    const { partial } = this;
    let at = 1;
    let length = 0;
    for (let shift = 0; at < partial.length; shift += 7) {
      const digit = partial[at++] as number;
      length |= (digit & 127) << shift;
      if (digit < 128) return partial.length < at + length ? null : partial.splice(0, at + length);
    }
    return null;
  }

  private answer(bytes: readonly number[]): void {
    const { acknowledges = true, pongs = true, sessionPresent = [0] } = this.manners;
    const [first = 0] = bytes;
    const type = first >> 4;
    const [high = 0, low = 0] = bytes.slice(2);
    if (type === CONNECT) {
      const flags = sessionPresent[Math.min(this.connections++, sessionPresent.length - 1)] ?? 0;
      this.reply(0x20, 2, flags, 0);
    } else if (type === SUBSCRIBE) this.reply(0x90, 3, high, low, 0);
    else if (type === UNSUBSCRIBE) this.reply(0xb0, 2, high, low);
    else if (type === PINGREQ && pongs) this.reply(0xd0, 0);
    else if (type === PUBLISH && (first & 2) !== 0 && acknowledges) this.acknowledge(bytes);
  }

  private acknowledge(message: readonly number[]): void {
    let at = 1;
    while ((message[at++] as number) >= 128);
    const id = at + 2 + (((message[at] as number) << 8) | (message[at + 1] as number));
    this.reply(0x40, 2, message[id] as number, message[id + 1] as number);
  }

  private reply(...bytes: readonly number[]): void {
    const packet = this.broker.allocate() as Packet;
    packet.appendBytes(Uint8Array.from(bytes), 0, bytes.length);
    if (this.broker.send(packet) !== 0) packet.release();
  }
}

/** Octets from hexadecimal digits. */
export function octets(digits: string): Uint8Array {
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}
