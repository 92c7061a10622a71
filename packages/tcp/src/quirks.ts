/**
 * Defects of NetX Duo 6.4 in its TCP that can be switched on singly, to see whether an application survives them:
 *
 * - `tcp-stale-probe-octet`: the first octet of a packet whose send was refused for a closed window stays in the probe; when
 *   the peer takes it, it stands in place of the first octet of whatever is sent next
 * - `tcp-endless-retries`: every send that is refused for a full window starts the count of retries again, so that an
 *   application which polls never sees its connection given up
 * - `tcp-data-as-duplicate-ack`: a segment with data counts as a duplicate acknowledgment too, so that traffic in the other
 *   direction causes retransmissions that nothing was lost for
 * - `tcp-unroutable-syn`: a SYN from where there is no route back takes the armed socket all the same; its SYN-ACK goes nowhere
 *   and everybody else waits until the accept has timed out
 */
export const TCP_QUIRKS = [
  'tcp-stale-probe-octet',
  'tcp-endless-retries',
  'tcp-data-as-duplicate-ack',
  'tcp-unroutable-syn',
] as const;

export type TcpQuirk = (typeof TCP_QUIRKS)[number];

/** Which of the defects a profile has. */
export interface TcpQuirks {
  readonly staleProbeOctet: boolean;
  readonly endlessRetries: boolean;
  readonly dataAsDuplicateAck: boolean;
  readonly unroutableSyn: boolean;
}

/** The defects named; other names are passed over, they belong to other layers. */
export function tcpQuirks(names: readonly string[]): TcpQuirks {
  const has = (name: TcpQuirk) => names.includes(name);
  return {
    staleProbeOctet: has('tcp-stale-probe-octet'),
    endlessRetries: has('tcp-endless-retries'),
    dataAsDuplicateAck: has('tcp-data-as-duplicate-ack'),
    unroutableSyn: has('tcp-unroutable-syn'),
  };
}

/** None of them. */
export const NO_TCP_QUIRKS: TcpQuirks = tcpQuirks([]);
