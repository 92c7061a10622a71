import { Buffer } from 'node:buffer';
import { NX_UDP_PACKET } from '@strata/contracts';
import type { Host, StreamConnection } from '@strata/stack';
import type { TcpServer } from '@strata/tcp';
import { datagramSource, type UdpSocket } from '@strata/udp';
import * as dnsPacket from 'dns-packet';

/** A question as a server sees it. */
export interface Asked {
  readonly id: number;
  readonly name: string;
  readonly type: string;
  readonly recursionDesired: boolean;
  readonly udpSize: number;
  readonly byTcp: boolean;
  readonly port: number;
}

export interface Reply {
  readonly code?: number;
  readonly truncated?: boolean;
  readonly answers?: dnsPacket.Answer[];
  readonly authorities?: dnsPacket.Answer[];
  readonly id?: number;
  readonly question?: { readonly name: string; readonly type: dnsPacket.RecordType };
  readonly flags?: number;
  /** The finished message, changed as the test likes. */
  readonly change?: (bytes: Uint8Array) => Uint8Array;
}

const RESPONSE = 0x8000;

/** A DNS server on port 53, UDP and TCP, whose answers a test writes; null stays silent (TCP: closes). */
export class NameServer {
  readonly asked: Asked[];
  answer: ((asked: Asked) => readonly Reply[] | null) | null;
  private readonly host: Host;
  private readonly socket: UdpSocket;
  private readonly server: TcpServer;

  constructor(host: Host, answer: ((asked: Asked) => readonly Reply[] | null) | null) {
    this.asked = [];
    this.answer = answer;
    this.host = host;
    this.socket = host.udp.createSocket({
      queueMaximum: 64,
      listener: { receivable: () => this.receive(), failed: () => {} },
    });
    this.socket.bind(53);
    this.server = host.listen(53, (connection) => void this.serve(connection));
  }

  close(): void {
    if (this.socket.port !== 0) this.socket.unbind();
    this.server.close();
  }

  private receive(): void {
    for (let packet = this.socket.receive(); packet !== null; packet = this.socket.receive()) {
      const bytes = new Uint8Array(packet.length);
      packet.extract(0, bytes, 0, bytes.length);
      const source = datagramSource(packet);
      packet.release();
      if (source === null) continue;
      for (const message of this.replies(bytes, false, source.port)) {
        const reply = this.host.pool.allocate(NX_UDP_PACKET);
        if (reply === null) throw new Error('the server has no packet left');
        reply.appendBytes(message, 0, message.length);
        if (this.socket.send(reply, source.address, source.port) !== 0) throw new Error('the server could not send');
      }
    }
  }

  private async serve(connection: StreamConnection): Promise<void> {
    try {
      const question = await connection.receive();
      const [message] = question === null ? [] : this.replies(question.subarray(2), true, 0);
      if (message !== undefined) {
        await connection.send(Uint8Array.of(message.length >>> 8, message.length & 0xff));
        await connection.send(message);
      }
      await connection.close();
    } catch {
      // The client has had enough: it resets when it knows the answer.
    }
  }

  private replies(bytes: Uint8Array, byTcp: boolean, port: number): Uint8Array[] {
    const query = dnsPacket.decode(Buffer.from(bytes));
    const [question] = query.questions ?? [];
    const option = query.additionals?.find(({ type }) => type === 'OPT');
    const asked: Asked = {
      id: query.id ?? 0,
      name: question?.name ?? '',
      type: question?.type ?? '',
      recursionDesired: ((query.flags ?? 0) & dnsPacket.RECURSION_DESIRED) !== 0,
      udpSize: option !== undefined && option.type === 'OPT' ? option.udpPayloadSize : 0,
      byTcp,
      port,
    };
    this.asked.push(asked);
    return (this.answer?.(asked) ?? []).map((reply) => {
      const {
        code = 0,
        truncated = false,
        answers = [],
        authorities = [],
        change = (same: Uint8Array) => same,
      } = reply;
      const message = dnsPacket.encode({
        type: 'response',
        id: reply.id ?? asked.id,
        flags: (reply.flags ?? 0) | code | (truncated ? dnsPacket.TRUNCATED_RESPONSE : 0) | RESPONSE,
        questions: [reply.question ?? { name: asked.name, type: asked.type as dnsPacket.RecordType }],
        answers,
        authorities,
      });
      return change(new Uint8Array(message));
    });
  }
}
