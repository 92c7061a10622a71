import { Buffer } from 'node:buffer';
import { NX_SUCCESS, NX_UDP_PACKET } from '@strata/contracts';
import { reverseName } from '@strata/dns';
import type { Host } from '@strata/stack';
import { datagramSource, type UdpSocket } from '@strata/udp';
import { formatAddress, parsePrefix } from '@strata/wire';
import * as dnsPacket from 'dns-packet';
import { LAB_DOMAIN } from './names.ts';

const PORT = 53;
const SECONDS = 60;
const NAME_ERROR = 3;

/** A DNS server for the hosts of a lab: `device.lab`, `broker.lab`, an alias, a service, and the names of their addresses. */
export class EmbeddedNameServer {
  private readonly host: Host;
  private readonly records: readonly dnsPacket.Answer[];
  private readonly socket: UdpSocket;

  /** Serves on `host`; every host is known by its name. */
  constructor(host: Host, hosts: readonly Host[]) {
    this.host = host;
    this.records = [
      ...hosts.flatMap(recordsOf),
      { type: 'CNAME', name: `mqtt.${LAB_DOMAIN}`, ttl: SECONDS, data: `broker.${LAB_DOMAIN}` },
      {
        type: 'SRV',
        name: `_mqtt._tcp.${LAB_DOMAIN}`,
        ttl: SECONDS,
        data: { priority: 0, weight: 0, port: 1883, target: `broker.${LAB_DOMAIN}` },
      },
    ];
    this.socket = host.udp.createSocket({
      name: 'dns server',
      listener: { receivable: () => this.receive(), failed: () => {} },
    });
    this.socket.bind(PORT);
  }

  close(): void {
    if (this.socket.port !== 0) this.socket.unbind();
  }

  private receive(): void {
    for (let packet = this.socket.receive(); packet !== null; packet = this.socket.receive()) {
      const question = Buffer.alloc(packet.length);
      packet.extract(0, question, 0, question.length);
      const source = datagramSource(packet);
      packet.release();
      const answer = this.answer(question);
      const reply = source === null || answer === null ? null : this.host.pool.allocate(NX_UDP_PACKET);
      if (source === null || answer === null || reply === null) continue;
      const status =
        reply.appendBytes(answer, 0, answer.length) || this.socket.send(reply, source.address, source.port);
      if (status !== NX_SUCCESS) reply.release();
    }
  }

  private answer(bytes: Buffer): Uint8Array | null {
    let query: dnsPacket.DecodedPacket;
    try {
      query = dnsPacket.decode(bytes);
    } catch {
      return null;
    }
    const [question] = query.questions ?? [];
    if (question === undefined || query.type !== 'query') return null;
    const answers: dnsPacket.Answer[] = [];
    let name = question.name.toLowerCase();
    const alias = this.records.find((record) => record.name === name && record.type === 'CNAME');
    if (alias?.type === 'CNAME' && question.type !== 'CNAME') {
      answers.push(alias);
      name = alias.data;
    }
    answers.push(...this.records.filter((record) => record.name === name && record.type === question.type));
    const known = this.records.some((record) => record.name === name);
    return dnsPacket.encode({
      type: 'response',
      id: query.id ?? 0,
      flags: dnsPacket.AUTHORITATIVE_ANSWER | dnsPacket.RECURSION_DESIRED | (known ? 0 : NAME_ERROR),
      questions: [question],
      answers,
    });
  }
}

/** Forwards and backwards, for each address of a host. */
function recordsOf(host: Host): dnsPacket.Answer[] {
  const name = `${host.name}.${LAB_DOMAIN}`;
  return host.addresses.flatMap((text): dnsPacket.Answer[] => {
    const address = parsePrefix(text)?.address;
    if (address === undefined) return [];
    return [
      { type: address.family === 4 ? 'A' : 'AAAA', name, ttl: SECONDS, data: formatAddress(address) },
      { type: 'PTR', name: reverseName(address), ttl: SECONDS, data: name },
    ];
  });
}
