/**
 * Runs in a network namespace and drives a TapDevice as `tap-device.test.ts` asks: the first argument names the scenario.
 * Prints one JSON line per result.
 */
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { AttachError, localMac, TapDevice } from '@strata/attach';
import { NX_PHYSICAL_HEADER } from '@strata/contracts';
import { PacketPool } from '@strata/packet';
import { SeededRandom } from '@strata/time';

const mac = localMac(new SeededRandom('tap test'));
const ourMac = [mac.msw >>> 8, mac.msw, mac.lsw >>> 24, mac.lsw >>> 16, mac.lsw >>> 8, mac.lsw].map(
  (octet) => octet & 255,
);
const ourAddress = [192, 0, 2, 2];
const hostAddress = [192, 0, 2, 1];
const pool = new PacketPool({ name: 'tap', payloadSize: 1568, packets: 128 });

function tell(result) {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

function open(options = {}) {
  return TapDevice.open({ name: 'tap0', mac, hostAddresses: ['192.0.2.1/24', '2001:db8::1/64'], ...options });
}

/** A sink that hands each frame's octets to `see` and releases it. */
function sink(see) {
  return {
    receivePool: pool,
    accept(frame) {
      see(frame);
      frame.release();
    },
    linkChanged(up) {
      tell({ link: up });
    },
  };
}

function send(tap, octets) {
  const frame = pool.allocate(NX_PHYSICAL_HEADER);
  frame.prepend -= 14;
  frame.append = frame.prepend;
  frame.appendBytes(Uint8Array.from(octets), 0, octets.length);
  tap.send(frame);
}

const ARP_REQUEST = [0, 1, 8, 0, 6, 4, 0, 1];
const broadcast = [255, 255, 255, 255, 255, 255];

function hex(frame) {
  return Buffer.from(frame.bytes.buffer, frame.prepend, frame.length).toString('hex');
}

function linkStatistics() {
  const shown = execFileSync('ip', ['-json', '-statistics', 'link', 'show', 'dev', 'tap0'], { encoding: 'utf8' });
  return JSON.parse(shown)[0].stats64;
}

const scenarios = {
  async arp() {
    const tap = open();
    tell({ ready: true });
    let misaligned = 0;
    tap.attach(
      sink((frame) => {
        if ((frame.prepend + 14) % 4 !== 0) misaligned++;
        const type = frame.view.getUint16(frame.prepend + 12);
        if (type === 0x0806) tell({ arp: hex(frame), misaligned });
      }),
    );
    send(tap, [
      ...broadcast,
      ...ourMac,
      8,
      6,
      ...ARP_REQUEST,
      ...ourMac,
      ...ourAddress,
      0,
      0,
      0,
      0,
      0,
      0,
      ...hostAddress,
    ]);
    process.stdin.resume();
    process.stdin.once('end', () => {
      tap.close();
      tell({ closed: true, available: pool.available, total: pool.total });
    });
  },

  async burst(count) {
    const tap = open();
    const total = Number(count);
    let seen = 0;
    tap.attach(
      sink((frame) => {
        if (frame.view.getUint16(frame.prepend + 12) === 0x0800 && frame.bytes[frame.prepend + 23] === 17) seen++;
      }),
    );
    const host = tap.host.mac;
    const hostMac = [host.msw >>> 8, host.msw, host.lsw >>> 24, host.lsw >>> 16, host.lsw >>> 8, host.lsw];
    const out = [...hostMac, ...ourMac, 0x88, 0xb5, ...new Array(100).fill(7)];
    for (let i = 0; i < total; i++) {
      send(tap, out);
      if (i % 1000 === 0) await turn();
    }
    const dropped = linkStatistics().tx.dropped;
    const lladdr = ourMac.map((octet) => octet.toString(16).padStart(2, '0')).join(':');
    execFileSync('ip', ['neighbour', 'add', '192.0.2.2', 'lladdr', lladdr, 'dev', 'tap0', 'nud', 'permanent']);
    const socket = createSocket('udp4');
    await new Promise((resolve) => socket.bind(0, '192.0.2.1', resolve));
    for (let i = 0; i < total; i++) {
      await new Promise((resolve) => socket.send(Buffer.alloc(100), 9, '192.0.2.2', resolve));
      if (i % 32 === 0) await turn();
    }
    for (let i = 0, last = -1; i < 100 && last !== seen; i++) {
      last = seen;
      await wait(50);
    }
    socket.close();
    const statistics = linkStatistics();
    const { counters } = tap;
    tap.close();
    tell({
      sent: counters.framesSent,
      sendDropped: counters.sendDropped,
      kernelReceived: statistics.rx.packets,
      seen,
      kernelDropped: statistics.tx.dropped - dropped,
      receiveDropped: counters.receiveDropped,
      leaked: pool.total - pool.available,
    });
  },

  async idle() {
    const tap = open();
    tap.attach(sink(() => {}));
    // Linux sends router solicitations and multicast reports at first; they are work, not idling.
    await wait(500);
    const before = process.cpuUsage();
    const bursts = tap.counters.bursts;
    await wait(1000);
    const used = process.cpuUsage(before);
    tell({ microseconds: used.user + used.system, bursts: tap.counters.bursts - bursts });
    tap.close();
  },

  async gone() {
    const tap = open();
    tap.attach(sink(() => {}));
    execFileSync('ip', ['link', 'delete', 'tap0']);
    await wait(200);
    const before = process.cpuUsage();
    send(tap, [...broadcast, ...ourMac, 0x88, 0xb5, 1, 2, 3]);
    await wait(200);
    const used = process.cpuUsage(before);
    tell({
      up: tap.properties.up,
      notSent: tap.counters.sendLinkDown,
      microseconds: used.user + used.system,
      leaked: pool.total - pool.available,
    });
    tap.close();
    tap.close();
  },

  async down() {
    const tap = open({ bringUp: false, hostAddresses: [] });
    send(tap, [...broadcast, ...ourMac, 0x88, 0xb5, 1, 2, 3]);
    tell({ peerDown: tap.counters.sendPeerDown, up: tap.properties.up });
    tap.close();
  },

  async setup() {
    const tap = open({ mtu: 1280, hostMac: { msw: 0x0211, lsw: 0x22334455 } });
    const [link] = JSON.parse(execFileSync('ip', ['-json', 'address', 'show', 'dev', 'tap0'], { encoding: 'utf8' }));
    tell({
      mtu: link.mtu,
      ourMtu: tap.properties.mtu,
      address: link.address,
      flags: link.flags.includes('UP'),
      addresses: link.addr_info
        .filter((info) => info.scope === 'global')
        .map((info) => `${info.local}/${info.prefixlen}`),
    });
    tap.close();
  },

  async persistent() {
    execFileSync('ip', ['tuntap', 'add', 'dev', 'tap0', 'mode', 'tap']);
    const tap = open();
    const again = open({ name: 'tap1', hostAddresses: [] });
    const created = again.persistent;
    again.close();
    const existed = tap.persistent;
    tap.close();
    const links = JSON.parse(execFileSync('ip', ['-json', 'address', 'show'], { encoding: 'utf8' }));
    tell({
      existed,
      created,
      links: links.map((link) => link.ifname),
      left: links.find((link) => link.ifname === 'tap0').addr_info.filter((info) => info.scope === 'global').length,
    });
  },

  async exit() {
    open().attach(sink(() => {}));
    tell({ ready: true });
    process.stdin.resume();
    process.stdin.once('end', () => process.exit(3));
  },

  async fail(name, address) {
    if (name === 'busy') {
      execFileSync('ip', ['tuntap', 'add', 'dev', 'busy', 'mode', 'tap']);
      open({ name: 'busy', hostAddresses: [] });
    }
    try {
      open({ name, hostAddresses: address === undefined ? [] : [address] });
      tell({ code: 'none' });
    } catch (error) {
      if (!(error instanceof AttachError)) throw error;
      tell({ code: error.code, text: error.describe() });
    }
    process.exit(0);
  },
};

const [scenario, ...rest] = process.argv.slice(2);
await scenarios[scenario](...rest);
