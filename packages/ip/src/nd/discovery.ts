import { NEVER, SECOND } from '@strata/contracts';
import type { IpInterface } from '../interface.ts';
import type { Ipv6Policy } from '../ipv6/policy.ts';
import type { Nd } from './nd.ts';

/** After the last solicitation a host concludes in this time that there is no router (RFC 4861 6.3.7). */
const LAST_WAIT = SECOND;

/** Asks for routers when an interface comes up (RFC 4861 6.3.7). */
export class RouterDiscovery {
  private readonly nd: Nd;
  private readonly policy: Ipv6Policy;

  constructor(nd: Nd, policy: Ipv6Policy) {
    this.nd = nd;
    this.policy = policy;
  }

  /** Begins: up to so many solicitations as the policy says, until a router answers. */
  begin(outgoing: IpInterface): void {
    const { policy, nd } = this;
    outgoing.ipv6.solicitations = 0;
    if (policy.solicitations === 0) return;
    const wait = policy.solicitationDelay > 0 ? nd.ip.random.below(policy.solicitationDelay + 1) : 0;
    outgoing.ipv6.solicitAt = nd.ip.time.now + wait;
    if (wait === 0) this.solicit(outgoing);
    nd.timers.changed();
  }

  /** No more questions: a router has answered, or the interface went down. */
  end(outgoing: IpInterface): void {
    outgoing.ipv6.solicitAt = NEVER;
  }

  nextDeadline(): number {
    let next = NEVER;
    for (const each of this.nd.ip.interfaces) if (each.ipv6.solicitAt < next) next = each.ipv6.solicitAt;
    return next;
  }

  onTime(now: number): void {
    for (const each of this.nd.ip.interfaces) if (each.ipv6.solicitAt <= now) this.solicit(each);
  }

  private solicit(outgoing: IpInterface): void {
    const own = outgoing.ipv6;
    const { solicitations, solicitationInterval } = this.policy;
    if (own.solicitations >= solicitations) {
      own.solicitAt = NEVER;
      return;
    }
    own.solicitations++;
    own.solicitAt = this.nd.afterSlow(own.solicitations < solicitations ? solicitationInterval : LAST_WAIT);
    if (own.running) this.nd.messages.solicitRouters(outgoing, own.solicitations);
  }
}
