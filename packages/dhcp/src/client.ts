import {
  type Alarm,
  NEVER,
  NX_ALREADY_ENABLED,
  NX_NOT_ENABLED,
  NX_SUCCESS,
  type Packet,
  type Random,
  SECOND,
  type Status,
  type Timed,
  TRACE_DHCP_CONFLICT,
  TRACE_DHCP_IGNORED,
  TRACE_DHCP_LEASE,
  TRACE_DHCP_RECEIVED,
  TRACE_DHCP_SENT,
  TRACE_DHCP_STATE,
} from '@strata/contracts';
import { DhcpCounters } from './counters.ts';
import type { DhcpInterface } from './interface.ts';
import { type DhcpLease, INFINITE_LEASE, leaseOf } from './lease.ts';
import {
  DHCP_ACK,
  DHCP_DECLINE,
  DHCP_DISCOVER,
  DHCP_NAK,
  DHCP_OFFER,
  DHCP_RELEASE,
  DHCP_REQUEST,
  type DhcpReply,
  encodeRequest,
} from './message.ts';
import { addressOf, addressOption, OPTION_REQUESTED_ADDRESS, OPTION_SERVER_ID } from './options.ts';
import { type DhcpOption, isAnswered, requestOptions } from './request-options.ts';
import type { DhcpService } from './service.ts';
import {
  DHCP_BOUND,
  DHCP_CHECKING,
  DHCP_DECLINED,
  DHCP_INIT,
  DHCP_REBINDING,
  DHCP_REBOOTING,
  DHCP_RELEASING,
  DHCP_RENEWING,
  DHCP_REQUESTING,
  DHCP_SELECTING,
  DHCP_STOPPED,
} from './states.ts';

const LIMITED_BROADCAST = -1;

/** Hears what becomes of a client, always after the event (nx_dhcp_state_change_notify). */
export interface DhcpListener {
  stateChanged(client: DhcpClient, state: number, before: number): void;
}

/** The DHCP client of one interface: the state machine of RFC 2131 figure 5. Made by {@link DhcpService.client}. */
export class DhcpClient implements Timed {
  readonly on: DhcpInterface;
  readonly counters: DhcpCounters;
  /** Null: nobody is told. */
  listener: DhcpListener | null;
  /** One of the DHCP_ states. */
  state: number;
  /** What the interface uses now; null when it has no lease. Plain data, good for {@link start} after a restart. */
  lease: DhcpLease | null;
  /** Sent to servers when not empty (RFC 2132 3.14). */
  hostName: string;
  /** Sent when not null; otherwise servers go by the MAC address (RFC 2132 9.14). */
  clientId: Uint8Array | null;
  private readonly service: DhcpService;
  private readonly random: Random;
  private readonly alarm: Alarm;
  /** The offer that was chosen, or the lease that is being asked for again. */
  private wanted: DhcpLease | null;
  private transaction: number;
  private attempts: number;
  private deadline: number;
  private beganAt: number;
  /** `secs` of the DISCOVER, which the REQUEST repeats (RFC 2131 4.4.1). */
  private seconds: number;
  private requestedAt: number;

  /** @internal */
  constructor(service: DhcpService, on: DhcpInterface, listener: DhcpListener | null) {
    this.on = on;
    this.counters = new DhcpCounters();
    this.listener = listener;
    this.state = DHCP_STOPPED;
    this.lease = null;
    this.hostName = '';
    this.clientId = null;
    this.service = service;
    this.random = service.random.fork(`dhcp ${on.index}`);
    this.wanted = null;
    this.transaction = 0;
    this.attempts = 0;
    this.deadline = NEVER;
    this.beganAt = 0;
    this.seconds = 0;
    this.requestedAt = 0;
    this.alarm = service.time.alarm(this);
  }

  /**
   * Begins (nx_dhcp_start). With a lease from an earlier run that has not expired it asks for that address again
   * (RFC 2131 3.2, INIT-REBOOT). NX_ALREADY_ENABLED when it runs, NX_PORT_UNAVAILABLE when another socket has port 68.
   */
  start(saved: DhcpLease | null = null): Status {
    if (this.state !== DHCP_STOPPED) return NX_ALREADY_ENABLED;
    const status = this.service.open();
    if (status !== NX_SUCCESS) return status;
    if (saved !== null && expiryOf(saved) > this.now) {
      this.wanted = saved;
      this.begin();
      this.enter(DHCP_REBOOTING);
      this.request();
    } else this.restart(this.random.below(this.service.policy.startDelay + 1));
    return NX_SUCCESS;
  }

  /** Ends without telling the server; the address stays as it is (nx_dhcp_stop). NX_NOT_ENABLED when it does not run. */
  stop(): Status {
    if (this.state === DHCP_STOPPED) return NX_NOT_ENABLED;
    if (this.state === DHCP_CHECKING) this.on.abandon();
    this.schedule(NEVER);
    this.enter(DHCP_STOPPED);
    return NX_SUCCESS;
  }

  /**
   * Gives the lease back (nx_dhcp_release). The address goes a moment later, when the message has left; then the client is
   * stopped. NX_NOT_ENABLED without a lease.
   */
  release(): Status {
    const { lease } = this;
    if (lease === null) return NX_NOT_ENABLED;
    this.transaction = this.random.uint32() | 0;
    const server = [OPTION_SERVER_ID, addressOption(lease.server)] as const;
    this.send(DHCP_RELEASE, lease.address, [server], lease.address, lease.server);
    this.counters.releasesSent++;
    this.lease = null;
    this.schedule(this.now + this.service.policy.releaseWait);
    this.enter(DHCP_RELEASING);
    return NX_SUCCESS;
  }

  /** @internal Stops for good. */
  close(): void {
    if (this.state === DHCP_CHECKING) this.on.abandon();
    this.state = DHCP_STOPPED;
    this.deadline = NEVER;
    this.alarm.cancel();
  }

  /** Asks the server at once whether the lease may go on (nx_dhcp_force_renew). NX_NOT_ENABLED when not bound. */
  renew(): Status {
    if (this.state !== DHCP_BOUND) return NX_NOT_ENABLED;
    this.begin();
    this.enter(DHCP_RENEWING);
    this.request();
    return NX_SUCCESS;
  }

  /**
   * Asks whether the lease holds where the host is now, as after a restart; the address is used meanwhile. For a link that was gone
   * and has come back (RFC 2131 3.7). NX_NOT_ENABLED without a lease.
   */
  verify(): Status {
    const { lease, state } = this;
    if (lease === null || (state !== DHCP_BOUND && state !== DHCP_RENEWING && state !== DHCP_REBINDING)) {
      return NX_NOT_ENABLED;
    }
    this.wanted = lease;
    this.begin();
    this.enter(DHCP_REBOOTING);
    this.request();
    return NX_SUCCESS;
  }

  nextDeadline(): number {
    return this.deadline;
  }

  onTime(now: number): void {
    if (this.deadline > now) return;
    this.deadline = NEVER;
    switch (this.state) {
      case DHCP_INIT:
      case DHCP_DECLINED:
        this.begin();
        this.enter(DHCP_SELECTING);
        this.discover();
        break;
      case DHCP_SELECTING:
        this.discover();
        break;
      case DHCP_REQUESTING:
      case DHCP_REBOOTING:
        if (this.attempts < this.service.policy.requests) this.request();
        else this.unanswered();
        break;
      case DHCP_BOUND:
        this.renew();
        break;
      case DHCP_RELEASING:
        this.drop();
        this.enter(DHCP_STOPPED);
        break;
      case DHCP_RENEWING:
      case DHCP_REBINDING:
        this.prolong();
        break;
    }
  }

  /** @internal A server's message that came by this interface. */
  receive(reply: DhcpReply, packet: Packet): void {
    const { on } = this;
    if (reply.transaction !== this.transaction || reply.macMsw !== on.macMsw || reply.macLsw !== on.macLsw) {
      this.ignore(packet);
      return;
    }
    const { tracer } = this.service;
    const server = addressOf(reply.options.get(OPTION_SERVER_ID)) ?? 0;
    if (tracer !== null) tracer.event(TRACE_DHCP_RECEIVED, reply.type, reply.yourAddress, server, 0, packet);
    const taken =
      reply.type === DHCP_OFFER
        ? this.offered(reply)
        : reply.type === DHCP_ACK
          ? this.acknowledged(reply)
          : reply.type === DHCP_NAK && this.refused(server);
    if (!taken) this.ignore(packet);
  }

  /** @internal A message that this client can do nothing with. */
  ignore(packet: Packet): void {
    this.counters.ignored++;
    const { tracer } = this.service;
    if (tracer !== null) tracer.event(TRACE_DHCP_IGNORED, this.state, 0, 0, 0, packet);
  }

  /** RFC 2131 3.1, 3: the first offer that can be used is taken. */
  private offered(reply: DhcpReply): boolean {
    this.counters.offersReceived++;
    if (this.state !== DHCP_SELECTING) return false;
    const offer = leaseOf(reply, this.now);
    if (offer === null) return false;
    this.wanted = offer;
    this.attempts = 0;
    this.enter(DHCP_REQUESTING);
    this.request();
    return true;
  }

  private acknowledged(reply: DhcpReply): boolean {
    this.counters.acksReceived++;
    const { state, wanted } = this;
    const lease = leaseOf(reply, this.requestedAt);
    if (lease === null || wanted === null || lease.address !== wanted.address) return false;
    switch (state) {
      case DHCP_REQUESTING:
      case DHCP_REBOOTING:
        this.check(lease);
        return true;
      case DHCP_RENEWING:
      case DHCP_REBINDING:
        this.bind(lease);
        return true;
      default:
        return false;
    }
  }

  /** A NAK (RFC 2131 3.1, 4; 3.2, 3; 4.4.5): the address is given up at once. */
  private refused(server: number): boolean {
    this.counters.naksReceived++;
    const { state, wanted } = this;
    const asked = state === DHCP_REQUESTING || state === DHCP_RENEWING;
    if (asked ? server !== wanted?.server : state !== DHCP_REBOOTING && state !== DHCP_REBINDING) return false;
    this.drop();
    this.restart(this.spread(SECOND));
    return true;
  }

  /** RFC 2131 4.4.1: the client should look whether the address is in use before it uses it. */
  private check(lease: DhcpLease): void {
    this.wanted = lease;
    if (!this.service.policy.checkAddress) {
      this.bind(lease);
      return;
    }
    this.schedule(NEVER);
    this.enter(DHCP_CHECKING);
    const begun = this.on.claim(
      lease.address,
      lease.prefixLength,
      () => {
        if (this.state === DHCP_CHECKING) this.bind(lease);
      },
      () => {
        if (this.state === DHCP_CHECKING) this.decline(lease);
      },
    );
    if (begun !== NX_SUCCESS) this.bind(lease);
  }

  private bind(lease: DhcpLease): void {
    this.lease = lease;
    this.wanted = lease;
    this.counters.leases++;
    this.on.configure(lease);
    const { tracer } = this.service;
    if (tracer !== null) {
      tracer.event(TRACE_DHCP_LEASE, lease.address, lease.server, this.microseconds(lease.leaseSeconds), 0, null);
    }
    this.schedule(this.momentOf(lease, lease.renewalSeconds));
    this.enter(DHCP_BOUND);
  }

  /** RFC 2131 3.1, 5: somebody uses the address. The server is told, and all begins again. */
  private decline(lease: DhcpLease): void {
    this.counters.conflicts++;
    this.counters.declinesSent++;
    const { tracer } = this.service;
    if (tracer !== null) tracer.event(TRACE_DHCP_CONFLICT, lease.address, 0, 0, 0, null);
    const options = [
      [OPTION_REQUESTED_ADDRESS, addressOption(lease.address)],
      [OPTION_SERVER_ID, addressOption(lease.server)],
    ] as const;
    this.send(DHCP_DECLINE, 0, options, 0, LIMITED_BROADCAST);
    this.wanted = null;
    this.drop();
    this.schedule(this.now + this.service.policy.declineWait);
    this.enter(DHCP_DECLINED);
  }

  /** Nobody has answered the REQUESTs. */
  private unanswered(): void {
    const { wanted, state } = this;
    // RFC 2131 3.2, 3: the rest of a lease that has not expired may be used.
    if (state === DHCP_REBOOTING && wanted !== null && expiryOf(wanted) > this.now) this.check(wanted);
    else this.restart(0);
  }

  /** While renewing and rebinding: asks again, asks everybody, or gives up, as the lease's times tell (RFC 2131 4.4.5). */
  private prolong(): void {
    const { lease, now } = this;
    if (lease === null) return;
    if (now >= expiryOf(lease)) {
      this.counters.expired++;
      this.drop();
      this.restart(0);
      return;
    }
    if (this.state === DHCP_RENEWING && now >= this.momentOf(lease, lease.rebindingSeconds)) {
      this.enter(DHCP_REBINDING);
    }
    this.request();
  }

  private restart(delay: number): void {
    this.wanted = null;
    this.enter(DHCP_INIT);
    this.schedule(this.now + delay);
  }

  /** A new exchange, with a number of its own. */
  private begin(): void {
    this.transaction = this.random.uint32() | 0;
    this.attempts = 0;
    this.beganAt = this.now;
    this.seconds = 0;
  }

  private discover(): void {
    this.seconds = Math.floor((this.now - this.beganAt) / SECOND);
    this.attempts++;
    this.counters.discoversSent++;
    this.send(DHCP_DISCOVER, 0, [], 0, LIMITED_BROADCAST);
    this.schedule(this.now + this.wait());
  }

  /** RFC 2131 4.3.6 has a table of what a REQUEST holds in each state. */
  private request(): void {
    const wanted = this.wanted;
    if (wanted === null) return;
    const { state, now } = this;
    this.attempts++;
    this.requestedAt = now;
    this.counters.requestsSent++;
    const requested = [OPTION_REQUESTED_ADDRESS, addressOption(wanted.address)] as const;
    const server = [OPTION_SERVER_ID, addressOption(wanted.server)] as const;
    if (state === DHCP_REQUESTING) {
      this.send(DHCP_REQUEST, 0, [requested, server], 0, LIMITED_BROADCAST);
      this.schedule(now + this.wait());
    } else if (state === DHCP_REBOOTING) {
      this.send(DHCP_REQUEST, 0, [requested], 0, LIMITED_BROADCAST);
      this.schedule(now + this.wait());
    } else {
      const to = state === DHCP_RENEWING ? wanted.server : LIMITED_BROADCAST;
      this.send(DHCP_REQUEST, wanted.address, [], wanted.address, to);
      const until = state === DHCP_RENEWING ? this.momentOf(wanted, wanted.rebindingSeconds) : expiryOf(wanted);
      this.schedule(Math.min(until, now + Math.max((until - now) / 2, this.service.policy.shortestRenewal)));
    }
  }

  private send(type: number, clientAddress: number, extra: readonly DhcpOption[], from: number, to: number): void {
    const { on, service } = this;
    const answered = isAnswered(type);
    const bytes = encodeRequest({
      type,
      transaction: this.transaction,
      seconds: answered ? this.seconds : 0,
      broadcast: answered && service.policy.broadcast && clientAddress === 0,
      clientAddress,
      macMsw: on.macMsw,
      macLsw: on.macLsw,
      options: requestOptions(type, extra, this.clientId, this.hostName),
    });
    if (service.tracer !== null) service.tracer.event(TRACE_DHCP_SENT, type, this.attempts, to, 0, null);
    if (service.send(this, bytes, from, to) !== NX_SUCCESS) this.counters.sendErrors++;
  }

  /** Takes the address away, if there is one. */
  private drop(): void {
    this.lease = null;
    this.on.configure(null);
  }

  /** RFC 2131 4.1: 4, 8, 16, 32, 64 s, each give or take a second. */
  private wait(): number {
    const { firstWait, longestWait } = this.service.policy;
    return this.spread(Math.min(firstWait * 2 ** (this.attempts - 1), longestWait));
  }

  private spread(time: number): number {
    const { spread } = this.service.policy;
    return Math.max(0, time - spread + this.random.below(2 * spread + 1));
  }

  private get now(): number {
    return this.service.time.now;
  }

  private momentOf(lease: DhcpLease, seconds: number): number {
    return lease.leaseSeconds === INFINITE_LEASE ? NEVER : lease.obtainedAt + Math.floor(seconds * SECOND);
  }

  private microseconds(seconds: number): number {
    return seconds === INFINITE_LEASE ? NEVER : seconds * SECOND;
  }

  private schedule(deadline: number): void {
    this.deadline = deadline;
    this.alarm.set(deadline);
  }

  private enter(state: number): void {
    const before = this.state;
    if (before === state) return;
    this.state = state;
    const { service, listener } = this;
    if (service.tracer !== null) service.tracer.event(TRACE_DHCP_STATE, before, state, this.on.index, 0, null);
    if (listener !== null) service.time.defer({ run: () => listener.stateChanged(this, state, before) });
  }
}

/** When the lease ends. */
function expiryOf(lease: DhcpLease): number {
  return lease.leaseSeconds === INFINITE_LEASE ? NEVER : lease.obtainedAt + lease.leaseSeconds * SECOND;
}
