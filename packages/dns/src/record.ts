import type { IpAddress } from '@strata/contracts';

/** The types that can be asked for (RFC 1035 3.2.2; AAAA: RFC 3596; SRV: RFC 2782). */
export const DNS_TYPES = ['A', 'AAAA', 'CNAME', 'SRV', 'PTR', 'MX', 'NS', 'TXT'] as const;
export type DnsType = (typeof DNS_TYPES)[number];

/** Type numbers, for traces. */
export const DNS_TYPE_NUMBERS: Readonly<Record<DnsType, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
};

interface RecordHead {
  /** The name it belongs to, without a dot at the end, in lower case. */
  readonly name: string;
  /** Seconds it may be kept. */
  readonly ttl: number;
}

/** One resource record, as far as this client understands it. */
export type DnsRecord = RecordHead &
  (
    | { readonly type: 'A' | 'AAAA'; readonly address: IpAddress }
    | { readonly type: 'CNAME' | 'PTR' | 'NS'; readonly target: string }
    | {
        readonly type: 'SRV';
        readonly priority: number;
        readonly weight: number;
        readonly port: number;
        readonly target: string;
      }
    | { readonly type: 'MX'; readonly preference: number; readonly target: string }
    | { readonly type: 'TXT'; readonly texts: readonly string[] }
    | { readonly type: 'SOA'; readonly minimum: number }
  );

/** RFC 1035 4.1.1 and RFC 6895 2.3. */
export const RCODE_NO_ERROR = 0;
export const RCODE_FORMAT_ERROR = 1;
export const RCODE_SERVER_FAILURE = 2;
export const RCODE_NAME_ERROR = 3;
export const RCODE_NOT_IMPLEMENTED = 4;
export const RCODE_REFUSED = 5;

/** A message of a server. */
export interface DnsMessage {
  readonly id: number;
  readonly response: boolean;
  readonly opcode: number;
  readonly truncated: boolean;
  /** The server asks others on behalf of its clients. */
  readonly recursive: boolean;
  readonly rcode: number;
  /** Null unless there is exactly one question, of class IN. */
  readonly question: { readonly name: string; readonly type: string } | null;
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
}

/** What the client asks. */
export interface DnsQuestion {
  readonly id: number;
  readonly name: string;
  readonly type: DnsType;
  /** The largest answer over UDP (RFC 6891 6.2.3); 0 leaves the option out. */
  readonly udpSize: number;
}

/** Octets to messages and back; the engine behind this is a library, which lives at the edge (`@strata/dns/node`). */
export interface DnsCodec {
  encode(question: DnsQuestion): Uint8Array;
  /** Null for anything that is no DNS message. Never throws. */
  decode(bytes: Uint8Array): DnsMessage | null;
}
