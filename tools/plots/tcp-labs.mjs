/** The experiments behind the plots of docs/tcp: two hosts, one TCP connection, and its numbers after each segment. */
import { Lab, modernProfile } from '@strata/stack';
import { parseAddress } from '@strata/wire';

const SECOND = 1_000_000;

/**
 * Sends `total` octets from host a to host b for at most `seconds`. `faults` are those of the link, `forward` those of the
 * direction to b; `tcp` changes the profile; `read` says at which moment (microseconds) b reads on, from how much it holds.
 * @returns rows of the probe, in order
 */
export function bulk({
  total,
  seconds,
  faults = null,
  forward,
  backward,
  tcp = {},
  profile = modernProfile,
  window,
  read,
}) {
  const rows = [];
  const used = { ...profile, tcp: { ...profile.tcp, sendBuffer: 1 << 20, ...tcp } };
  const lab = new Lab({ seed: 7, profile: used, tcpProbe: { write: (row) => rows.push(row), close() {} } });
  const bridge = lab.bridge({ faults });
  if (forward !== undefined) bridge.a.setFaults({ ...faults, ...forward });
  if (backward !== undefined) bridge.b.setFaults({ ...faults, ...backward });
  const [a, b] = [lab.host('a', { packets: 1024 }), lab.host('b', { packets: 1024 })];
  a.attach(bridge.a, { address: '192.0.2.1/24' });
  b.attach(bridge.b, { address: '192.0.2.2/24' });
  const options = window === undefined ? {} : { windowSize: window };
  b.tcp.listen(7, { socket: options, onConnection: (socket) => serve(lab, socket, read) });
  const source = new Uint8Array(1448);
  let left = total;
  const client = a.tcp.open(parseAddress('192.0.2.2'), 7, {
    ...SILENT,
    established: write,
    sendable: write,
  });
  function write() {
    while (left > 0) {
      const packet = client.allocate();
      if (packet === null) return;
      const size = Math.min(left, source.length);
      packet.appendBytes(source, 0, size);
      const refused = client.send(packet) !== 0;
      left -= refused ? size - packet.length : size;
      if (refused) {
        packet.release();
        return;
      }
    }
  }
  lab.clock.runSync({ until: seconds * SECOND });
  return { rows, lab, bridge, client };
}

const SILENT = { established() {}, receivable() {}, sendable() {}, peerFinished() {}, closed() {} };

/** Reads at once, or, with `read`, what there is at each moment that it names. */
function serve(lab, socket, read) {
  const drain = () => {
    for (let packet = socket.receive(); packet !== null; packet = socket.receive()) packet.release();
  };
  socket.listener = { ...SILENT, receivable: read === undefined ? drain : SILENT.receivable };
  if (read === undefined) return;
  let next = 0;
  const alarm = lab.clock.scheduler.alarm({
    nextDeadline: () => read[next] ?? Number.POSITIVE_INFINITY,
    onTime() {
      while (next < read.length && read[next] <= lab.now) next++;
      drain();
    },
  });
  alarm.set(read[0]);
}

/** A frame hook that puts the mark "congestion experienced" on ECN-capable IPv4 packets for which `when` says so. */
export function marking(when) {
  let count = 0;
  return ({ bytes, offset, length, time }) => {
    const ip = offset + 14;
    const capable = length >= 34 && bytes[offset + 12] === 8 && bytes[offset + 13] === 0 && (bytes[ip + 1] & 3) === 2;
    if (!capable) return 0;
    count++;
    if (!when(count, time)) return 0;
    bytes[ip + 1] |= 1;
    // RFC 1624: the header's checksum changes by as much as the word does.
    let sum = (~((bytes[ip + 10] << 8) | bytes[ip + 11]) & 0xffff) + 1;
    sum = (sum & 0xffff) + (sum >>> 16);
    bytes[ip + 10] = (~sum >>> 8) & 255;
    bytes[ip + 11] = ~sum & 255;
    return 0;
  };
}

/** Rows of the named host. */
export const of = (rows, host) => rows.filter((row) => row.host === host);

/** Points of one column over time: seconds against the column times `scale`. */
export function column(rows, name, scale = 1, from = 0) {
  return rows.filter((row) => row[name] >= 0).map((row) => [(row.time - from) / SECOND, row[name] * scale]);
}
