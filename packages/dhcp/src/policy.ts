import { SECOND } from '@strata/contracts';

/** Choices of a DHCP client. Times are microseconds. */
export interface DhcpPolicy {
  /** The first message waits a random time up to this (RFC 2131 4.4.1 asks for 1 to 10 s, against storms after a power cut). */
  readonly startDelay: number;
  /** First wait for an answer; each later one is twice as long, up to {@link longestWait} (RFC 2131 4.1). */
  readonly firstWait: number;
  readonly longestWait: number;
  /** Each wait is spread by plus or minus this. */
  readonly spread: number;
  /** REQUESTs without answer before the client starts again (RFC 2131 3.1, 4). */
  readonly requests: number;
  /** After a conflict, before it starts again (RFC 2131 3.1, 5: at least 10 s). */
  readonly declineWait: number;
  /** After a RELEASE the address stays this long, so that the message finds its way (the server may have to be resolved). */
  readonly releaseWait: number;
  /** Shortest time between two REQUESTs while renewing or rebinding (RFC 2131 4.4.5: 60 s). */
  readonly shortestRenewal: number;
  /** Asks servers to broadcast their answers. */
  readonly broadcast: boolean;
  /** Looks with ARP whether the address is free before using it (RFC 2131 4.4.1). */
  readonly checkAddress: boolean;
}

/** As RFC 2131 has it, without the delay before the first message. */
export const rfc2131Policy: DhcpPolicy = {
  startDelay: 0,
  firstWait: 4 * SECOND,
  longestWait: 64 * SECOND,
  spread: SECOND,
  requests: 4,
  declineWait: 10 * SECOND,
  releaseWait: SECOND,
  shortestRenewal: 60 * SECOND,
  broadcast: false,
  checkAddress: true,
};
