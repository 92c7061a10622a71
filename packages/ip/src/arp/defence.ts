import {
  type Alarm,
  type Deferred,
  NEVER,
  NX_ALREADY_ENABLED,
  NX_INVALID_INTERFACE,
  NX_IP_ADDRESS_ERROR,
  NX_NO_PACKET,
  NX_SUCCESS,
  type Status,
  type Timed,
  TRACE_ARP_CONFLICT,
  TRACE_ARP_PROBE,
} from '@strata/contracts';
import { type ArpRepr, ipv4Mask } from '@strata/wire';
import type { IpInterface } from '../interface.ts';
import { isHostAddress, isLinkLocal } from '../martian.ts';
import { type ArpPolicy, CONFLICT_GIVE_UP, CONFLICT_IGNORE } from '../policy.ts';
import type { Arp } from './arp.ts';

/** Hears of conflicts over addresses. Called after the event that showed them. */
export interface AddressConflictListener {
  /** Another host uses `address`, which interface `interfaceIndex` has; `lost` true when it was given up for that. */
  addressConflict(interfaceIndex: number, address: number, msw: number, lsw: number, lost: boolean): void;
}

/** Hears how the claim of an address went. Called after the event that decided it. */
export interface AddressClaimListener {
  /** Nobody else has the address; the interface has it now and announces it. */
  addressClaimed(interfaceIndex: number, address: number): void;
  /** Somebody has it; the interface does not take it. */
  addressRefused(interfaceIndex: number, address: number): void;
}

/** Guards our addresses (RFC 5227): probes before use, announcements, conflicts and their answer. */
export class ArpDefence {
  /** Null: nobody is told. */
  listener: AddressConflictListener | null;
  private readonly arp: Arp;
  private readonly policy: ArpPolicy;
  /** The claim in progress of each interface, by index. */
  private readonly claims: (AddressClaim | null)[];

  constructor(arp: Arp, policy: ArpPolicy) {
    this.listener = null;
    this.arp = arp;
    this.policy = policy;
    this.claims = [];
  }

  /** As nx_arp_gratuitous_send: one announcement of the interface's address. */
  announce(outgoing: IpInterface): Status {
    if (outgoing.address === 0) return NX_IP_ADDRESS_ERROR;
    return this.arp.sendRequest(outgoing, outgoing.address, outgoing.address, 1) ? NX_SUCCESS : NX_NO_PACKET;
  }

  /**
   * Claims an address (RFC 5227 2.1): probes for it, and sets it when nobody objects. NX_ALREADY_ENABLED while the
   * interface claims one already, NX_INVALID_INTERFACE without a link, NX_IP_ADDRESS_ERROR for what no host can have.
   */
  claim(outgoing: IpInterface, address: number, prefixLength: number, listener: AddressClaimListener): Status {
    if (outgoing.link === null) return NX_INVALID_INTERFACE;
    const mask = ipv4Mask(prefixLength);
    const isBroadcast = prefixLength < 31 && (address | mask) === -1;
    if (!isHostAddress(address) || isBroadcast) return NX_IP_ADDRESS_ERROR;
    let claim = this.claims[outgoing.index] ?? null;
    if (claim === null) {
      claim = new AddressClaim(this.arp, this.policy, outgoing);
      this.claims[outgoing.index] = claim;
    }
    if (claim.active) return NX_ALREADY_ENABLED;
    claim.begin(address, mask, listener);
    return NX_SUCCESS;
  }

  /** Ends a claim without result. */
  abandon(outgoing: IpInterface): void {
    this.claims[outgoing.index]?.stop();
  }

  /** @internal */
  detach(outgoing: IpInterface): void {
    this.abandon(outgoing);
    this.claims[outgoing.index] = null;
  }

  /** Looks at every ARP packet from another host. True when it conflicts with an address in use. */
  observe(repr: ArpRepr, incoming: IpInterface): boolean {
    this.claims[incoming.index]?.observe(repr);
    if (incoming.address === 0 || repr.senderAddress !== incoming.address) return false;
    const arp = this.arp;
    const policy = this.policy;
    const now = arp.ip.time.now;
    const address = incoming.address;
    arp.counters.conflicts++;
    let lost = false;
    let defended = false;
    if (policy.conflict !== CONFLICT_IGNORE) {
      if (now - incoming.defendedAt >= policy.defendInterval) {
        incoming.defendedAt = now;
        defended = arp.sendRequest(incoming, address, address, 1);
      } else if (policy.conflict === CONFLICT_GIVE_UP || isLinkLocal(address)) {
        // RFC 3927 2.5 (b): nobody may hold on to a link-local address.
        lost = true;
        arp.ip.setAddress(incoming, 0, 0);
      }
    }
    const tracer = arp.ip.tracer;
    if (tracer !== null) {
      tracer.event(TRACE_ARP_CONFLICT, address, repr.senderMsw, repr.senderLsw, defended ? 1 : 0, null);
    }
    if (this.listener !== null) {
      arp.ip.time.defer(
        new ConflictNotice(this.listener, incoming.index, address, repr.senderMsw, repr.senderLsw, lost),
      );
    }
    return true;
  }
}

class ConflictNotice implements Deferred {
  private readonly listener: AddressConflictListener;
  private readonly interfaceIndex: number;
  private readonly address: number;
  private readonly msw: number;
  private readonly lsw: number;
  private readonly lost: boolean;

  constructor(
    listener: AddressConflictListener,
    interfaceIndex: number,
    address: number,
    msw: number,
    lsw: number,
    lost: boolean,
  ) {
    this.listener = listener;
    this.interfaceIndex = interfaceIndex;
    this.address = address;
    this.msw = msw;
    this.lsw = lsw;
    this.lost = lost;
  }

  run(): void {
    this.listener.addressConflict(this.interfaceIndex, this.address, this.msw, this.lsw, this.lost);
  }
}

const IDLE = 0;
const PROBING = 1;
const ANNOUNCING = 2;

/** One interface's way to an address: wait, probe three times, wait, announce twice. */
class AddressClaim implements Timed, Deferred {
  private readonly arp: Arp;
  private readonly policy: ArpPolicy;
  private readonly outgoing: IpInterface;
  private readonly alarm: Alarm;
  private phase: number;
  private deadline: number;
  private sent: number;
  private address: number;
  private mask: number;
  private listener: AddressClaimListener | null;
  private refused: boolean;
  /** Conflicts met on this interface so far; a claim that succeeds clears it. */
  private conflicts: number;

  constructor(arp: Arp, policy: ArpPolicy, outgoing: IpInterface) {
    this.arp = arp;
    this.policy = policy;
    this.outgoing = outgoing;
    this.phase = IDLE;
    this.deadline = 0.5;
    this.deadline = NEVER;
    this.sent = 0;
    this.address = 0;
    this.mask = 0;
    this.listener = null;
    this.refused = false;
    this.conflicts = 0;
    this.alarm = arp.ip.time.alarm(this);
  }

  get active(): boolean {
    return this.phase === PROBING;
  }

  begin(address: number, mask: number, listener: AddressClaimListener): void {
    this.address = address;
    this.mask = mask;
    this.listener = listener;
    this.phase = PROBING;
    this.sent = 0;
    const random = this.arp.ip.random;
    const limited = this.conflicts >= this.policy.maximumConflicts ? this.policy.rateLimitInterval : 0;
    this.schedule(limited + random.below(this.policy.probeWait + 1));
  }

  stop(): void {
    this.phase = IDLE;
    this.deadline = NEVER;
  }

  nextDeadline(): number {
    return this.deadline;
  }

  onTime(now: number): void {
    if (this.deadline > now) return;
    this.deadline = NEVER;
    if (this.phase === PROBING) this.probe();
    else if (this.phase === ANNOUNCING) this.announce();
  }

  private probe(): void {
    const policy = this.policy;
    if (this.sent === policy.probeCount) {
      this.conflicts = 0;
      this.phase = ANNOUNCING;
      this.sent = 0;
      this.arp.ip.setAddress(this.outgoing, this.address, this.mask);
      this.refused = false;
      this.arp.ip.time.defer(this);
      this.announce();
      return;
    }
    this.sent++;
    const tracer = this.arp.ip.tracer;
    if (tracer !== null) tracer.event(TRACE_ARP_PROBE, this.address, this.sent, 0, 0, null);
    this.arp.sendRequest(this.outgoing, 0, this.address, this.sent);
    if (this.sent === policy.probeCount) this.schedule(policy.announceWait);
    else {
      const spread = policy.probeMaximum - policy.probeMinimum;
      this.schedule(policy.probeMinimum + this.arp.ip.random.below(spread + 1));
    }
  }

  private announce(): void {
    if (this.outgoing.address !== this.address) {
      this.stop();
      return;
    }
    this.arp.sendRequest(this.outgoing, this.address, this.address, ++this.sent);
    if (this.sent < this.policy.announceCount) this.schedule(this.policy.announceInterval);
    else this.stop();
  }

  /** RFC 5227 2.1.1: any packet from the address, or somebody else's probe for it, refuses it. */
  observe(repr: ArpRepr): void {
    if (this.phase !== PROBING) return;
    const used = repr.senderAddress === this.address;
    const probed = repr.senderAddress === 0 && repr.targetAddress === this.address;
    if (!used && !probed) return;
    this.conflicts++;
    this.stop();
    const tracer = this.arp.ip.tracer;
    if (tracer !== null) {
      tracer.event(TRACE_ARP_CONFLICT, this.address, repr.senderMsw, repr.senderLsw, 0, null);
    }
    this.refused = true;
    this.arp.ip.time.defer(this);
  }

  private schedule(delay: number): void {
    this.deadline = this.arp.ip.time.now + delay;
    this.alarm.set(this.deadline);
  }

  /** Tells the result. */
  run(): void {
    if (this.refused) this.listener?.addressRefused(this.outgoing.index, this.address);
    else this.listener?.addressClaimed(this.outgoing.index, this.address);
  }
}
