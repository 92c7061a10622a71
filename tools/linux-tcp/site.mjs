/**
 * A host of ours and a Linux host on the two ends of an emulated cable, in real time. Runs inside a network namespace that
 * the caller made. The cable's faults are the network between them: a kernel without netem has none of its own.
 */
import { spawnSync } from 'node:child_process';
import { joinPorts, localMac, TapDevice } from '@strata/attach';
import { HOOK_PASS } from '@strata/ethernet';
import { PacketPool } from '@strata/packet';
import { Lab, PROFILES } from '@strata/stack';
import { HostClock, SeededRandom } from '@strata/time';

export const OURS = '192.0.2.2';
export const LINUX = '192.0.2.1';

const PACKETS = 2048;
/** MTU, Ethernet header with a tag, alignment. */
const FRAME_ROOM = 32;

export function must(command, args) {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
}

/** Opens a TAP device and joins it to one end of a cable. */
export function joinTap(lab, end, clock, options) {
  const tap = TapDevice.open({
    wake: () => clock.poke(),
    mac: localMac(lab.random.fork(options.name)),
    ...options,
  });
  const pool = new PacketPool({
    name: `${options.name} pool`,
    payloadSize: (options.mtu ?? 1500) + FRAME_ROOM + 36,
    packets: PACKETS,
    memory: lab.memory,
  });
  const joint = joinPorts(end, tap, pool);
  return {
    tap,
    close() {
      joint.separate();
      tap.close();
    },
  };
}

/** Marks a share of the ECN-capable IPv4 packets "congestion experienced", as a busy router would (RFC 3168 5). */
function congestionMarker(rate, seed) {
  const random = new SeededRandom(seed);
  return ({ bytes, offset }) => {
    const ip = offset + 14;
    const ipv4 = bytes[offset + 12] === 0x08 && bytes[offset + 13] === 0x00;
    const capable = ipv4 && ((bytes[ip + 1] & 3) === 1 || (bytes[ip + 1] & 3) === 2);
    if (!capable || random.below(1 << 16) >= rate * (1 << 16)) return HOOK_PASS;
    const before = (bytes[ip] << 8) | bytes[ip + 1];
    bytes[ip + 1] |= 3;
    const after = (bytes[ip] << 8) | bytes[ip + 1];
    // RFC 1624 equation 3: HC' = ~(~HC + ~m + m').
    let sum = (~((bytes[ip + 10] << 8) | bytes[ip + 11]) & 0xffff) + (~before & 0xffff) + after;
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
    bytes[ip + 10] = sum >>> 8;
    bytes[ip + 11] = sum & 0xff;
    return HOOK_PASS;
  };
}

/** The faults of both directions for loss and reordering as shares, a one-way delay in ms, and a share of CE marks. */
export function faultsOf({ loss = 0, delay = 0, reorder = 0, ce = 0 }, seed) {
  return {
    lossRate: loss,
    delayMicroseconds: delay * 1000,
    reorderRate: reorder,
    ...(reorder > 0 ? { reorderDelayMicroseconds: Math.max(5, delay / 2) * 1000 } : {}),
    ...(ce > 0 ? { hook: congestionMarker(ce, seed) } : {}),
  };
}

/** A lab on the host's clock with one host, `device`, on a cable whose other end is Linux's TAP device. */
export function openSite({ seed, profile = PROFILES.modern, mtu = 1500, impairments = {}, capture }) {
  const clock = new HostClock();
  const lab = new Lab({ seed, profile, clock, memoryBytes: 160 << 20, ...(capture === undefined ? {} : { capture }) });
  const cable = lab.bridge({ name: 'tap0', mtu, faults: faultsOf(impairments, seed) });
  const device = lab.host('device', { packets: PACKETS, payloadSize: mtu + FRAME_ROOM + 36 });
  device.attach(cable.a, { address: `${OURS}/24` });
  const joined = joinTap(lab, cable.b, clock, { name: 'tap0', mtu, hostAddresses: [`${LINUX}/24`] });
  return {
    lab,
    device,
    async close() {
      joined.close();
      await lab.close();
    },
  };
}
