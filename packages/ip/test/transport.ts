import {
  type DatagramInfo,
  type DatagramSink,
  type Disposition,
  HANDLED,
  type NetworkError,
  NX_IP_ADDRESS_ERROR,
  NX_UDP_PACKET,
  type Packet,
  type Status,
} from '@strata/contracts';
import { ipv4Address } from '@strata/wire';
import type { IpFlow } from '../src/index.ts';
import { ipWord, text } from './frames.ts';
import type { TestHost } from './host.ts';

/** RFC 3692: a protocol number for experiments. */
export const EXPERIMENT = 253;

/** A transport that takes everything and remembers it. */
export class RecordingTransport implements DatagramSink {
  readonly received: {
    data: string;
    source: number;
    destination: number;
    toUnicast: boolean;
    interfaceIndex: number;
  }[] = [];
  readonly errors: { kind: number; remote: number; localPort: number }[] = [];
  answer: Disposition = HANDLED;

  accept(packet: Packet, info: DatagramInfo): Disposition {
    const bytes = new Uint8Array(packet.length);
    packet.extract(0, bytes, 0, packet.length);
    this.received.push({
      data: new TextDecoder().decode(bytes),
      source: info.source3,
      destination: info.destination3,
      toUnicast: info.toUnicast,
      interfaceIndex: info.interfaceIndex,
    });
    if (this.answer === HANDLED) packet.release();
    return this.answer;
  }

  networkError(error: NetworkError): void {
    this.errors.push({ kind: error.kind, remote: error.remote.w3, localPort: error.localPort });
  }
}

/** Sends text as the payload of an experimental protocol. Releases it when IP does not take it. */
export function sendDatagram(host: TestHost, to: string | IpFlow, data: string): Status {
  const flow = typeof to === 'string' ? host.ip.openFlow(ipv4Address(ipWord(to)), EXPERIMENT, null) : to;
  if (flow === null) return NX_IP_ADDRESS_ERROR;
  const packet = host.pool.allocate(NX_UDP_PACKET);
  if (packet === null) throw new Error('the pool is empty');
  const bytes = text(data);
  packet.appendBytes(bytes, 0, bytes.length);
  const status = host.ip.send(packet, flow);
  if (status !== 0) packet.release();
  return status;
}
