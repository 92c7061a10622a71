import { type IpAddress, NEVER } from '@strata/contracts';
import type { IpInterface } from '@strata/ip';
import { type Host, Lab, type Profile } from '@strata/stack';
import type { TcpProfile } from '@strata/tcp';
import type { Scheduler } from '@strata/time';
import { parseAddress } from '@strata/wire';
import type { CallAction } from './ast.ts';
import type { Conversation } from './conversation.ts';
import type { Value } from './expression.ts';
import { DrillLink, PEER_MAC, STACK_MAC } from './link.ts';
import type { DrillMachine, MachineSetup } from './machine.ts';
import { largestInbound, poolFor } from './pool-size.ts';
import { quietIp } from './profile.ts';
import type { DrillSettings } from './settings.ts';
import type { PendingCall } from './sockets/file.ts';
import { SocketLayer } from './sockets/layer.ts';
import { TcpFile } from './sockets/tcp-file.ts';
import { snippetNames } from './sockets/tcp-info.ts';

/** Memory beside the pool. */
const SPARE_MEMORY = 64 << 10;
/** The default router of a host with IPv6, and how long it is one. */
const IPV6_GATEWAY = parseAddress('fe80::2') as IpAddress;
const ROUTER_FOR_EVER = 0xffff;

/** Our stack as the host of a script, in virtual time. */
export class StackMachine implements DrillMachine {
  readonly lateness = 0;
  private readonly setup: MachineSetup;
  private readonly settings: DrillSettings;
  private readonly tcp: TcpProfile;
  private readonly lab: Lab;
  private readonly host: Host;
  private readonly scheduler: Scheduler;
  private link: DrillLink | null;
  private network: IpInterface | null;
  private sockets: SocketLayer | null;
  private conversation: Conversation | null;
  /** The call that waits for something, or for its time to be over. */
  private pending: PendingCall | null;

  constructor(setup: MachineSetup, base: Profile, seed: number) {
    const { script, settings } = setup;
    this.setup = setup;
    this.settings = settings;
    // Commands of the script change it under way: sockets look policies up when they need them.
    this.tcp = { ...settings.tcp };
    const profile: Profile = { ...base, ip: quietIp(base.ip), tcp: this.tcp };
    const { packets, payloadSize } = poolFor(script, settings.mtu);
    this.lab = new Lab({ seed, profile, memoryBytes: packets * payloadSize + SPARE_MEMORY });
    this.scheduler = this.lab.clock.scheduler;
    this.host = this.lab.host('stack', { packets, payloadSize });
    this.link = null;
    this.network = null;
    this.sockets = null;
    this.conversation = null;
    this.pending = null;
  }

  get now(): number {
    return this.scheduler.now;
  }

  open(conversation: Conversation): void {
    const { host, settings, setup } = this;
    const { local, remote, script } = setup;
    this.conversation = conversation;
    // The link takes whatever a script injects; what the stack sends is held to the MTU by IP.
    this.link = new DrillLink(Math.max(settings.mtu, largestInbound(script)), conversation);
    this.network = this.attach(this.link);
    this.limit();
    const { bindPort, connectPort } = settings;
    this.sockets = new SocketLayer({ host, local, remote, bindPort, connectPort, defaults: settings }, conversation);
  }

  /** Puts the stack on the link, with its one neighbour known beforehand, so that no question is ever asked there. */
  private attach(link: DrillLink): IpInterface {
    const { host, settings } = this;
    const six = settings.family === 6;
    const gateway = six ? IPV6_GATEWAY : this.gateway();
    const made = host.attach(link, {
      address: `${settings.local}/${six ? 48 : 16}`,
      mac: STACK_MAC,
      name: 'tun0',
    });
    for (const neighbour of [gateway, this.setup.remote]) {
      if (six) host.ip.nd.setEntry(made, neighbour, PEER_MAC.msw, PEER_MAC.lsw);
      else host.ip.arp.createStaticEntry(neighbour.w3, PEER_MAC.msw, PEER_MAC.lsw);
    }
    if (six) host.ip.ipv6.addDefaultRouter(gateway, ROUTER_FOR_EVER, made);
    else host.ip.setGateway(gateway.w3);
    return made;
  }

  /** Packets of the stack may be as large as the settings say. */
  private limit(): void {
    const { network, settings } = this;
    if (network === null) return;
    network.mtu = settings.mtu;
    network.ipv6.linkMtu = settings.mtu;
  }

  /** An address on the stack's own link that is not the stack's. */
  private gateway(): IpAddress {
    const { local } = this.setup;
    const own = local.w3;
    const last = (own & 0xffff0000) | 0xfffe;
    return { ...local, w3: last === own ? last - 1 : last };
  }

  live(until: number): boolean {
    const deadline = this.pending?.deadline ?? NEVER;
    const next = Math.min(this.scheduler.nextTime(), deadline > this.now ? deadline : NEVER);
    if (next > until) return false;
    if (!this.scheduler.step(next)) this.scheduler.advanceTo(next);
    return true;
  }

  advanceTo(time: number): void {
    this.scheduler.advanceTo(time);
  }

  /** Tells applications what has happened, at this instant. */
  settle(): void {
    const { scheduler } = this;
    while (scheduler.nextTime() <= this.now) {
      const before = scheduler.processed + scheduler.told;
      if (!scheduler.step(this.now) || scheduler.processed + scheduler.told === before) break;
    }
  }

  inject(packet: Uint8Array): boolean {
    return this.link?.inject(packet) ?? false;
  }

  begin(call: CallAction): PendingCall {
    const pending = (this.sockets as SocketLayer).begin(call);
    this.pending = pending;
    return {
      deadline: pending.deadline,
      attempt: () => {
        const outcome = pending.attempt();
        if (outcome !== null && this.pending === pending) this.pending = null;
        return outcome;
      },
    };
  }

  configure(): string | null {
    Object.assign(this.tcp, this.settings.tcp);
    this.limit();
    return null;
  }

  snippetValues(): ReadonlyMap<string, Value> {
    const { tested, traffic } = this.conversation as Conversation;
    return snippetNames(tested instanceof TcpFile ? tested : null, traffic, this.now);
  }

  /** Everything is closed: the stack must hold no packet. */
  close(): string | null {
    this.sockets?.destroy();
    this.host.ip.close();
    void this.lab.close();
    const out = this.lab.outstanding();
    return out === 0 ? null : `the stack still holds ${out} packets after everything was closed`;
  }
}
