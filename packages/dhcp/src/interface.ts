import type { Status } from '@strata/contracts';
import type { DhcpLease } from './lease.ts';

/** What the client needs of the interface that it configures; the host implements it. Addresses are int32. */
export interface DhcpInterface {
  readonly index: number;
  readonly macMsw: number;
  readonly macLsw: number;
  /**
   * Looks whether an address is free (RFC 5227) and, if so, sets it. Exactly one of the two functions is called, later.
   * NX_SUCCESS when the look has begun.
   */
  claim(address: number, prefixLength: number, claimed: () => void, refused: () => void): Status;
  /** Gives up a {@link claim} that is under way: neither function is called any more, and the address is not set. */
  abandon(): void;
  /** Uses a lease, whose address may be set already; or, with null, nothing any more. */
  configure(lease: DhcpLease | null): void;
}
