import type { MqttMessage } from './application/mqtt-message.ts';
import { fold16, sum16 } from './checksum.ts';
import type { IpFacts, TcpFacts, UdpFacts } from './facts.ts';
import { type Field, Layer, type Protocol } from './field.ts';

/** Decodes the bytes from `start` to `end` and appends layers to the context. Never throws. */
export type Decoder = (context: Context, start: number, end: number) => void;

/** Who decodes what a header announces. */
export interface DecoderTable {
  readonly etherTypes: ReadonlyMap<number, Decoder>;
  readonly ipProtocols: ReadonlyMap<number, Decoder>;
}

export interface DecodeSettings {
  readonly checksums: boolean;
  readonly mqttPorts: readonly number[];
  readonly tlsPorts: readonly number[];
}

/** The dissection of one frame while it is being made. */
export class Context {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly table: DecoderTable;
  readonly settings: DecodeSettings;
  /** True for a datagram quoted in an ICMP error: cut short by design, and its checksums cannot be verified. */
  readonly quoted: boolean;
  readonly layers: Layer[];
  ip: IpFacts | null;
  tcp: TcpFacts | null;
  udp: UdpFacts | null;
  readonly mqtt: MqttMessage[];

  constructor(bytes: Uint8Array, table: DecoderTable, settings: DecodeSettings, quoted: boolean) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.table = table;
    this.settings = settings;
    this.quoted = quoted;
    this.layers = [];
    this.ip = null;
    this.tcp = null;
    this.udp = null;
    this.mqtt = [];
  }

  /** Begins a layer from `start` to `end`. */
  layer(protocol: Protocol, name: string, start: number, end: number, reference: string | null): Layer {
    const layer = new Layer(protocol, name, start, end - start, reference);
    this.layers.push(layer);
    return layer;
  }

  u8(at: number): number {
    return this.view.getUint8(at);
  }

  u16(at: number): number {
    return this.view.getUint16(at);
  }

  u32(at: number): number {
    return this.view.getUint32(at);
  }

  /** True when `need` bytes are there; otherwise says so in the layer and in its summary. */
  holds(layer: Layer, need: number): boolean {
    const have = layer.length;
    if (have >= need) return true;
    layer.problem('truncated', `${have} bytes are too few for the header, which takes ${need}`);
    layer.summary = `${layer.name} cut short, ${have} B`;
    return false;
  }

  /** Bytes that nobody decodes. */
  data(start: number, end: number): void {
    if (end <= start) return;
    const layer = this.layer('data', 'Data', start, end, null);
    layer.text = `${end - start} B`;
    layer.summary = `Data, ${end - start} B`;
  }

  /** A sum over the pseudo header of IPv4 (RFC 9293 3.1) or IPv6 (RFC 8200 8.1) to begin a transport checksum with. */
  pseudoHeader(protocol: number, length: number): number {
    const ip = this.ip as IpFacts;
    const addresses = sum16(this.bytes, ip.addressOffset, ip.addressOffset + (ip.version === 4 ? 8 : 32), 0);
    return addresses + protocol + (length & 0xffff) + (length >>> 16);
  }

  /**
   * Judges a checksum over `start` to `end` and notes the verdict in its field.
   *
   * @param seed the sum of a pseudo header, or 0
   * @param whole false when not all of the bytes that the checksum covers are there
   */
  judgeChecksum(field: Field, start: number, end: number, seed: number, whole: boolean): void {
    if (!this.settings.checksums || this.quoted) return;
    if (!whole) {
      field.text += ' (not verified: not all of it is here)';
      return;
    }
    const stored = field.value as number;
    const folded = fold16(sum16(this.bytes, start, end, seed));
    if (folded === 0xffff) {
      field.text += ' (correct)';
      return;
    }
    const right = ~fold16(fold16(sum16(this.bytes, start, end, seed)) + (~stored & 0xffff)) & 0xffff;
    field.problem('checksum', `the checksum is wrong: it should be 0x${right.toString(16).padStart(4, '0')}`);
  }
}
