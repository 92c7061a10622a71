/** The codec of `@strata/dns` over the dns-packet library, which needs Node's `Buffer`. */
import { Buffer } from 'node:buffer';
import { parseAddress } from '@strata/wire';
import * as dnsPacket from 'dns-packet';
import { isWellFormed, withoutRecords } from './message-shape.ts';
import type { DnsCodec, DnsMessage, DnsQuestion, DnsRecord } from './record.ts';

/** RFC 1035 4.1.1: the low four bits of the flags. */
const RCODE_MASK = 0xf;

export const dnsPacketCodec: DnsCodec = {
  encode({ id, name, type, udpSize }: DnsQuestion): Uint8Array {
    return dnsPacket.encode({
      type: 'query',
      id,
      flags: dnsPacket.RECURSION_DESIRED,
      questions: [{ type, name, class: 'IN' }],
      ...(udpSize === 0
        ? {}
        : {
            additionals: [
              {
                type: 'OPT',
                name: '.',
                udpPayloadSize: udpSize,
                extendedRcode: 0,
                ednsVersion: 0,
                flags: 0,
                flag_do: false,
                options: [],
              },
            ],
          }),
    });
  },

  decode(bytes: Uint8Array): DnsMessage | null {
    // The library trusts lengths of records; after this they are true.
    const whole = isWellFormed(bytes) ? bytes : withoutRecords(bytes);
    if (whole === null) return null;
    const buffer = Buffer.from(whole.buffer, whole.byteOffset, whole.length);
    try {
      return readMessage(dnsPacket.decode(buffer), buffer.readUInt16BE(2));
    } catch {
      return null;
    }
  },
};

function readMessage(packet: dnsPacket.DecodedPacket, flags: number): DnsMessage {
  const [question, ...more] = packet.questions ?? [];
  return {
    id: packet.id ?? 0,
    response: (flags & 0x8000) !== 0,
    opcode: (flags >>> 11) & 0xf,
    truncated: (flags & 0x200) !== 0,
    recursive: (flags & 0x80) !== 0,
    rcode: flags & RCODE_MASK,
    question:
      question === undefined || more.length > 0 || (question.class ?? 'IN') !== 'IN'
        ? null
        : { name: lower(question.name), type: question.type },
    answers: readRecords(packet.answers),
    authorities: readRecords(packet.authorities),
  };
}

function readRecords(answers: readonly dnsPacket.Answer[] | undefined): DnsRecord[] {
  return (answers ?? []).flatMap((answer) => readRecord(answer) ?? []);
}

/** Null for types and classes that mean nothing here. */
function readRecord(answer: dnsPacket.Answer): DnsRecord | null {
  if (answer.type === 'OPT' || ('class' in answer && answer.class !== 'IN')) return null;
  const name = lower(answer.name);
  // RFC 2181 8: a time to live with the highest bit set is zero.
  const seconds = 'ttl' in answer ? (answer.ttl ?? 0) : 0;
  const ttl = seconds > 0x7fffffff ? 0 : seconds;
  switch (answer.type) {
    case 'A':
    case 'AAAA': {
      const address = parseAddress(answer.data);
      return address === null ? null : { name, ttl, type: answer.type, address };
    }
    case 'CNAME':
    case 'PTR':
    case 'NS':
      return { name, ttl, type: answer.type, target: lower(answer.data) };
    case 'SRV': {
      const { port, target, priority, weight } = answer.data;
      return { name, ttl, type: 'SRV', priority: priority ?? 0, weight: weight ?? 0, port, target: lower(target) };
    }
    case 'MX':
      return { name, ttl, type: 'MX', preference: answer.data.preference ?? 0, target: lower(answer.data.exchange) };
    case 'TXT': {
      const texts = Array.isArray(answer.data) ? answer.data : [answer.data];
      return { name, ttl, type: 'TXT', texts: texts.map((text) => text.toString()) };
    }
    case 'SOA':
      return { name, ttl, type: 'SOA', minimum: answer.data.minimum ?? 0 };
    default:
      return null;
  }
}

/** DNS names are compared without regard to case (RFC 4343). */
function lower(name: string): string {
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase();
}
