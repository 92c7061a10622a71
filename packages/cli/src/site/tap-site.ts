import { AttachError, type Joint, joinPorts, localMac, TapDevice } from '@strata/attach';
import { NX_SUCCESS } from '@strata/contracts';
import { DHCP_STOPPED } from '@strata/dhcp';
import type { SegmentEnd } from '@strata/ethernet';
import { PacketPool } from '@strata/packet';
import { configureByDhcp, dhcpClientOf, type Host, Lab, NetError, type TraceListener } from '@strata/stack';
import { HostClock } from '@strata/time';
import { formatAddress, formatMac, sameAddress } from '@strata/wire';
import { UserError } from '../errors.ts';
import { type MacAddress, prefixText, type TapFlags } from '../flags/tap.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { labOptions, type SiteFlags } from './lab-options.ts';
import { SiteNames } from './names.ts';
import type { Site } from './site.ts';

/** Frames on their way between the device and the emulated cable. */
const JOINT_PACKETS = 512;
const JOINT_PAYLOAD = 1568;

/** How long a command waits for a DHCP server. */
const DHCP_SECONDS = 30;

/**
 * A live host on a TAP device, in real time. Between host and device lies an emulated cable, so that captures and faults
 * work as they do on the loopback bridge.
 */
export class TapSite implements Site {
  readonly lab: Lab;
  readonly device: Host;
  readonly deviceEnd: SegmentEnd;
  readonly peerAddress: string | null;
  readonly epoch: number;
  readonly hosts: null;
  readonly tap: TapDevice;
  readonly names: SiteNames;
  private readonly flags: TapFlags;
  /** Ends the wait for addresses. */
  private readonly stop: AbortSignal;
  private ready: boolean;
  private readonly joint: Joint;
  private readonly pool: PacketPool;

  private constructor(
    lab: Lab,
    device: Host,
    end: SegmentEnd,
    tap: TapDevice,
    joint: Joint,
    pool: PacketPool,
    flags: TapFlags,
    epoch: number,
    stop: AbortSignal,
  ) {
    this.lab = lab;
    this.device = device;
    this.deviceEnd = end;
    this.tap = tap;
    this.joint = joint;
    this.pool = pool;
    const [peer] = flags.hostAddresses;
    this.peerAddress = peer === undefined ? null : formatAddress(peer.address);
    this.names = new SiteNames(device, 'name a DNS server with --dns ADDRESS, or give an address');
    this.hosts = null;
    this.flags = flags;
    this.stop = stop;
    this.ready = false;
    this.epoch = epoch;
  }

  /** Opens the device and puts a host on it. @throws UserError with the line to type when the device cannot be had */
  static open(
    flags: SiteFlags & { readonly tap: TapFlags },
    terminal: Terminal,
    listeners: readonly TraceListener[] = [],
  ): TapSite {
    const { tap: tapFlags } = flags;
    // pcapng counts its offset in whole seconds, so a capture's moments are right to the second and exact to each other.
    const epochSeconds = Math.floor(Date.now() / 1000);
    const clock = new HostClock();
    // Ports and sequence numbers must not repeat those of a run that a peer still remembers (RFC 9293 3.4.3).
    const seed = flags.common.seed ?? randomSeed();
    const options = labOptions({ ...flags, common: { ...flags.common, seed } }, terminal, epochSeconds);
    const lab = new Lab({ ...options, clock, listeners: [...(options.listeners ?? []), ...listeners] });
    const cable = lab.bridge({ name: tapFlags.tap, faults: flags.faults });
    const device = lab.host('device');
    const mac = tapFlags.mac ?? macFor(tapFlags.addresses[0]?.address.w3 ?? lab.random.fork('mac').uint32() | 0);
    device.attach(cable.a, {
      addresses: tapFlags.addresses.map(prefixText),
      ipv6: tapFlags.ipv6,
      mac: formatMac(mac.msw, mac.lsw),
    });
    for (const gateway of tapFlags.gateways)
      device.addRoute(gateway.family === 4 ? '0.0.0.0/0' : '::/0', formatAddress(gateway));
    device.nameServers.push(...tapFlags.dns);
    const tap = openDevice(tapFlags, lab, () => clock.poke());
    const pool = new PacketPool({
      name: `${tapFlags.tap} pool`,
      payloadSize: JOINT_PAYLOAD,
      packets: JOINT_PACKETS,
      memory: lab.memory,
    });
    const joint = joinPorts(cable.b, tap, pool, (up) => cable.setUp(up));
    return new TapSite(
      lab,
      device,
      cable.a,
      tap,
      joint,
      pool,
      tapFlags,
      epochSeconds * 1e6,
      terminal.surroundings.interruption(),
    );
  }

  run<T>(work: () => Promise<T>, what: string): Promise<T> {
    return this.lab.run(async () => {
      if (!this.ready) await this.makeReady();
      this.ready = true;
      return work();
    }, what);
  }

  /** Waits for the addresses that the host finds by itself. */
  private async makeReady(): Promise<void> {
    const { device, flags } = this;
    if (flags.ipv6) await device.autoconfigured();
    else await device.settled();
    if (!flags.dhcp) return;
    try {
      await configureByDhcp(device, { timeoutSeconds: DHCP_SECONDS, signal: this.stop });
    } catch (error) {
      if (!(error instanceof NetError)) throw error;
      if (this.stop.aborted) throw new UserError({ what: 'interrupted while waiting for a DHCP server' });
      throw new UserError({
        what: `no DHCP server answered on ${flags.tap} for ${DHCP_SECONDS} s`,
        next: 'is one running on the other side? --trace dhcp shows what is asked; --address 192.0.2.2/24 does without',
      });
    }
    // Servers of the command line come first.
    const { nameServers } = device;
    nameServers.unshift(...flags.dns.filter((server) => !nameServers.some((other) => sameAddress(other, server))));
  }

  /** A host that goes away tells the DHCP server so (RFC 2131 4.4.6). */
  private async giveLeaseBack(): Promise<void> {
    if (!this.flags.dhcp || dhcpClientOf(this.device).release() !== NX_SUCCESS) return;
    await this.lab.runUntil(() => dhcpClientOf(this.device).state === DHCP_STOPPED);
  }

  /** Packets still on their way through the joint; 0 when all is quiet. */
  get inTransit(): number {
    return this.pool.total - this.pool.available;
  }

  async close(): Promise<void> {
    this.names.close();
    await this.giveLeaseBack();
    this.joint.separate();
    this.tap.close();
    await this.lab.close();
  }
}

/** A locally administered address that an IPv4 address always gets, so that neighbours' caches stay right over runs. */
function macFor(address: number): MacAddress {
  return { msw: 0x0253, lsw: address };
}

function openDevice(flags: TapFlags, lab: Lab, wake: () => void): TapDevice {
  try {
    return TapDevice.open({
      name: flags.tap,
      mac: localMac(lab.random.fork(flags.tap)),
      hostAddresses: flags.hostAddresses.map(prefixText),
      wake,
    });
  } catch (error) {
    if (error instanceof AttachError) {
      throw new UserError({ what: error.message, next: error.advice.join('\n  ') });
    }
    throw error;
  }
}

/** Any seed. Web Crypto is there without loading anything. */
function randomSeed(): number {
  const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
  return seed;
}
