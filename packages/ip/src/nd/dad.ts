import {
  NEVER,
  TRACE_IPV6_ADDRESS_ASSIGNED,
  TRACE_IPV6_ADDRESS_DUPLICATE,
  TRACE_IPV6_ADDRESS_TENTATIVE,
} from '@strata/contracts';
import {
  ADDRESS_DUPLICATE,
  ADDRESS_TENTATIVE,
  ADDRESS_VALID,
  type Ipv6Address,
  ORIGIN_LINK_LOCAL,
} from '../ipv6/address.ts';
import type { Ipv6Policy } from '../ipv6/policy.ts';
import type { Nd } from './nd.ts';

/** Duplicate Address Detection (RFC 4862 5.4): an address is asked for before it is used. */
export class DuplicateDetection {
  private readonly nd: Nd;
  private readonly policy: Ipv6Policy;
  /** Solicitations per address; settable, the policy's at first. */
  transmits: number;
  /** Addresses are used while they are looked for, and given up when somebody turns out to have them; see `Ipv6Settings`. */
  optimistic: boolean;

  constructor(nd: Nd, policy: Ipv6Policy) {
    this.nd = nd;
    this.policy = policy;
    this.transmits = policy.dadTransmits;
    this.optimistic = false;
  }

  /** Begins with an address that is in its interface's list. `delayed`: others may begin at the same moment. */
  begin(address: Ipv6Address, delayed: boolean): void {
    const nd = this.nd;
    address.state = ADDRESS_TENTATIVE;
    address.solicitsLeft = this.transmits;
    if (this.transmits === 0) {
      this.pass(address);
      return;
    }
    this.trace(TRACE_IPV6_ADDRESS_TENTATIVE, address);
    if (this.policy.slowGrid !== 0) {
      address.deadline = address.origin === ORIGIN_LINK_LOCAL ? nd.afterFast(1) : nd.afterSlow(1);
    } else {
      const wait = delayed && this.policy.dadDelay > 0 ? nd.ip.random.below(this.policy.dadDelay + 1) : 0;
      address.deadline = nd.ip.time.now + wait;
    }
    if (this.optimistic) this.use(address);
    if (address.deadline <= nd.ip.time.now) this.advance(address);
    nd.timers.changed();
  }

  nextDeadline(): number {
    let next = NEVER;
    for (const each of this.nd.ip.interfaces) {
      for (const address of each.ipv6.addresses) {
        if (address.deadline < next) next = address.deadline;
      }
    }
    return next;
  }

  onTime(now: number): void {
    for (const each of this.nd.ip.interfaces) {
      // A copy: the end of one may bring the next address.
      for (const address of [...each.ipv6.addresses]) {
        if (address.deadline <= now) this.advance(address);
      }
    }
  }

  private advance(address: Ipv6Address): void {
    const nd = this.nd;
    const { owner } = address;
    if (address.solicitsLeft === 0) {
      this.pass(address);
      return;
    }
    if (!owner.up) {
      // Nobody could hear it; it begins anew when the link is there.
      address.deadline = NEVER;
      return;
    }
    address.solicitsLeft--;
    // NetX's own timer beats whatever routers say of retransmissions.
    const beat = this.policy.slowGrid !== 0;
    address.deadline = nd.afterSlow(beat ? nd.ip.ipv6.ownRetransTimer : owner.ipv6.retransTimer);
    nd.messages.probe(owner, address.address);
  }

  private pass(address: Ipv6Address): void {
    address.deadline = NEVER;
    if (address.state === ADDRESS_TENTATIVE) this.use(address);
  }

  private use(address: Ipv6Address): void {
    address.state = ADDRESS_VALID;
    this.trace(TRACE_IPV6_ADDRESS_ASSIGNED, address);
    this.nd.ip.ipv6.assigned(address);
  }

  /** Somebody else has an address that is looked for, or wants it too (RFC 4862 5.4.3, 5.4.4). */
  fail(address: Ipv6Address): void {
    address.deadline = NEVER;
    address.state = ADDRESS_DUPLICATE;
    this.trace(TRACE_IPV6_ADDRESS_DUPLICATE, address);
    this.nd.ip.ipv6.refused(address);
  }

  private trace(id: number, { address }: Ipv6Address): void {
    const tracer = this.nd.ip.tracer;
    if (tracer !== null) tracer.event(id, address.w0, address.w1, address.w2, address.w3, null);
  }
}
