import type { MqttMessage } from '../application/mqtt-message.ts';
import { decodeMqttMessage, looksLikeMqtt, readMqttHeader } from '../application/mqtt-packet.ts';
import { describeTlsRecord, looksLikeTls } from '../application/tls.ts';

/** One message of a stream: where it lay in it, and what it says. */
export interface StreamUnit {
  readonly start: number;
  readonly end: number;
  readonly summary: string;
  readonly message: MqttMessage | null;
}

/** How a protocol cuts a stream of octets into messages. */
export interface Framing {
  /** True when a message can begin here; asked only when the place in the stream is not known. */
  looksRight(bytes: Uint8Array, at: number, end: number): boolean;
  /** Length of the message whose first bytes these are: 0 when more are needed to tell, -1 when it cannot be one. */
  measure(bytes: Uint8Array, end: number): number;
  /** What the message says, of which the first `end` bytes are here. */
  describe(bytes: Uint8Array, end: number): { summary: string; message: MqttMessage | null };
}

export const MQTT_FRAMING: Framing = {
  looksRight: looksLikeMqtt,
  measure(bytes, end) {
    const header = readMqttHeader(bytes, 0, end);
    const type = (bytes[0] as number) >>> 4;
    if (type === 0 || header.state === 'bad') return -1;
    return header.state === 'ok' ? header.headerLength + header.remaining : 0;
  },
  describe(bytes, end) {
    const message = decodeMqttMessage(bytes, 0, end, readMqttHeader(bytes, 0, end));
    return { summary: message.summary, message };
  },
};

export const TLS_FRAMING: Framing = {
  looksRight: looksLikeTls,
  measure(bytes, end) {
    if (!looksLikeTls(bytes, 0, end)) return -1;
    return end < 5 ? 0 : 5 + (((bytes[3] as number) << 8) | (bytes[4] as number));
  },
  describe(bytes, end) {
    return { summary: describeTlsRecord(bytes, 0, end), message: null };
  },
};

/** Longest part of a message that is kept; of a longer one the beginning is described. */
const KEPT = 65536;
/** Longest head of a message: five bytes in both framings. */
const HEAD = 5;

/** Cuts the octets of one direction of a connection, given in order, into messages. */
export class FramedStream {
  private readonly framing: Framing;
  /** False after a gap or nonsense, until something looks like the beginning of a message. */
  private inStep: boolean;
  private kept: Uint8Array;
  private keptLength: number;
  private start: number;
  private received: number;
  private total: number;

  /** @param fromStart true when the first octets given are the first of the stream */
  constructor(framing: Framing, fromStart: boolean) {
    this.framing = framing;
    this.inStep = fromStart;
    this.kept = new Uint8Array(256);
    this.keptLength = 0;
    this.start = 0;
    this.received = 0;
    this.total = 0;
  }

  /** Octets were missed: what follows begins anywhere. */
  lose(): void {
    this.inStep = false;
    this.reset();
  }

  /** Takes the next octets, the first of which is at `position` in the stream, and appends the messages they complete. */
  push(bytes: Uint8Array, position: number, found: StreamUnit[]): void {
    let at = 0;
    while (at < bytes.length) {
      if (!this.inStep) {
        if (!this.framing.looksRight(bytes, at, bytes.length)) return;
        this.inStep = true;
      }
      if (this.received === 0) this.start = position + at;
      at += this.total === 0 ? this.takeHead(bytes, at) : this.takeBody(bytes, at);
      if (this.total < 0) {
        const end = position + bytes.length;
        found.push({ start: this.start, end, summary: 'nonsense in the stream', message: null });
        this.lose();
        return;
      }
      if (this.total > 0 && this.received === this.total) {
        const { summary, message } = this.framing.describe(this.kept, this.keptLength);
        found.push({ start: this.start, end: this.start + this.total, summary, message });
        this.reset();
      }
    }
  }

  /** The message that is not complete yet, such as `MQTT PUBLISH qos0 "t" 3000 B (1460 of 3007 B)`; null when there is none. */
  get pending(): string | null {
    if (this.received === 0 || this.total === 0) return null;
    return `${this.framing.describe(this.kept, this.keptLength).summary} (${this.received} of ${this.total} B)`;
  }

  private takeHead(bytes: Uint8Array, at: number): number {
    let taken = 0;
    while (this.total === 0 && this.received < HEAD && at + taken < bytes.length) {
      this.kept[this.keptLength++] = bytes[at + taken] as number;
      this.received++;
      taken++;
      this.total = this.framing.measure(this.kept, this.keptLength);
    }
    return taken;
  }

  private takeBody(bytes: Uint8Array, at: number): number {
    const taken = Math.min(this.total - this.received, bytes.length - at);
    const keep = Math.min(taken, KEPT - this.keptLength);
    if (keep > 0) {
      if (this.keptLength + keep > this.kept.length) {
        const larger = new Uint8Array(Math.min(KEPT, Math.max(this.keptLength + keep, this.kept.length * 4)));
        larger.set(this.kept.subarray(0, this.keptLength));
        this.kept = larger;
      }
      this.kept.set(bytes.subarray(at, at + keep), this.keptLength);
      this.keptLength += keep;
    }
    this.received += taken;
    return taken;
  }

  private reset(): void {
    this.keptLength = 0;
    this.received = 0;
    this.total = 0;
  }
}
