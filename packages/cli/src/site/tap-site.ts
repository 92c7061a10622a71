import { randomInt } from 'node:crypto';
import { AttachError, type Joint, joinPorts, localMac, TapDevice } from '@strata/attach';
import type { SegmentEnd } from '@strata/ethernet';
import { PacketPool } from '@strata/packet';
import { type Host, Lab, type TraceListener } from '@strata/stack';
import { HostClock } from '@strata/time';
import { formatAddress, formatMac } from '@strata/wire';
import { UserError } from '../errors.ts';
import { HIGHEST_SEED } from '../flags/common.ts';
import type { MacAddress, TapFlags } from '../flags/tap.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { labOptions, type SiteFlags } from './lab-options.ts';
import type { Site } from './site.ts';

/** Frames on their way between the device and the emulated cable. */
const JOINT_PACKETS = 512;
const JOINT_PAYLOAD = 1568;

function prefixText(prefix: {
  readonly address: Parameters<typeof formatAddress>[0];
  readonly length: number;
}): string {
  return `${formatAddress(prefix.address)}/${prefix.length}`;
}

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
  readonly tap: TapDevice;
  private readonly joint: Joint;
  private readonly pool: PacketPool;

  private constructor(
    lab: Lab,
    device: Host,
    end: SegmentEnd,
    tap: TapDevice,
    joint: Joint,
    pool: PacketPool,
    peer: string | null,
    epoch: number,
  ) {
    this.lab = lab;
    this.device = device;
    this.deviceEnd = end;
    this.tap = tap;
    this.joint = joint;
    this.pool = pool;
    this.peerAddress = peer;
    this.epoch = epoch;
  }

  /** Opens the device and puts a host on it. @throws UserError with the line to type when the device cannot be had */
  static open(
    flags: SiteFlags & { readonly tap: TapFlags },
    terminal: Terminal,
    listeners: readonly TraceListener[] = [],
  ): TapSite {
    const { tap: tapFlags } = flags;
    if (tapFlags.address.address.family !== 4) {
      throw new UserError({
        what: `--address ${prefixText(tapFlags.address)}`,
        why: 'hosts have no IPv6 yet',
        next: 'give an IPv4 address',
      });
    }
    // pcapng counts its offset in whole seconds, so a capture's moments are right to the second and exact to each other.
    const epochSeconds = Math.floor(Date.now() / 1000);
    const clock = new HostClock();
    // Ports and sequence numbers must not repeat those of a run that a peer still remembers (RFC 9293 3.4.3).
    const seed = flags.common.seed ?? randomInt(HIGHEST_SEED + 1);
    const options = labOptions({ ...flags, common: { ...flags.common, seed } }, terminal, epochSeconds);
    const lab = new Lab({ ...options, clock, listeners: [...(options.listeners ?? []), ...listeners] });
    const cable = lab.bridge({ name: tapFlags.tap, faults: flags.faults });
    const device = lab.host('device');
    device.attach(cable.a, {
      address: prefixText(tapFlags.address),
      ...(tapFlags.gateway === null ? {} : { gateway: formatAddress(tapFlags.gateway) }),
      mac: macText(tapFlags.mac ?? macFor(tapFlags.address.address.w3)),
    });
    const tap = openDevice(tapFlags, lab, () => clock.poke());
    const pool = new PacketPool({
      name: `${tapFlags.tap} pool`,
      payloadSize: JOINT_PAYLOAD,
      packets: JOINT_PACKETS,
      memory: lab.memory,
    });
    const joint = joinPorts(cable.b, tap, pool, (up) => cable.setUp(up));
    const peer = tapFlags.hostAddress === null ? null : formatAddress(tapFlags.hostAddress.address);
    return new TapSite(lab, device, cable.a, tap, joint, pool, peer, epochSeconds * 1e6);
  }

  run<T>(work: () => Promise<T>, what: string): Promise<T> {
    return this.lab.run(work, what);
  }

  /** Packets still on their way through the joint; 0 when all is quiet. */
  get inTransit(): number {
    return this.pool.total - this.pool.available;
  }

  async close(): Promise<void> {
    this.joint.separate();
    this.tap.close();
    await this.lab.close();
  }
}

function macText(mac: MacAddress): string {
  return formatMac(mac.msw, mac.lsw);
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
      hostAddresses: flags.hostAddress === null ? [] : [prefixText(flags.hostAddress)],
      wake,
    });
  } catch (error) {
    if (error instanceof AttachError) {
      throw new UserError({ what: error.message, next: error.advice.join('\n  ') });
    }
    throw error;
  }
}
