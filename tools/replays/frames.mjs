/** Frames of IPv6 as octets, made from their RFCs without the stack's own code, so that it is not judged by itself. */

const hex = (bytes) => Buffer.from(bytes).toString('hex');

/** An address as 16 octets. */
export function address(text) {
  const [head, tail] = text.includes('::') ? text.split('::') : [text, null];
  const words = (part) =>
    part === '' || part === null ? [] : part.split(':').map((word) => Number.parseInt(word, 16));
  const [first, last] = [words(head), words(tail)];
  const all = tail === null ? first : [...first, ...Array(8 - first.length - last.length).fill(0), ...last];
  return all.flatMap((word) => [word >> 8, word & 255]);
}

export const mac = (text) => text.split(':').map((octet) => Number.parseInt(octet, 16));
export const word = (value) => [(value >>> 8) & 255, value & 255];
export const long = (value) => [...word(value >>> 16), ...word(value)];

/** RFC 4291 2.7.1, and RFC 2464 7 for the MAC address of a group. */
export const solicitedNode = (text) => [...address('ff02::1:ff00:0').slice(0, 13), ...address(text).slice(13)];
export const groupMac = (octets) => [0x33, 0x33, ...octets.slice(12)];

/** RFC 1071 over the pseudo header of RFC 8200 8.1 and the message. */
function checksum(source, destination, next, message) {
  const bytes = [...source, ...destination, ...long(message.length), 0, 0, 0, next, ...message];
  if (bytes.length % 2 === 1) bytes.push(0);
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i] << 8) | bytes[i + 1];
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/**
 * A whole frame. Addresses are texts or octets; `to` is the destination's MAC address, that of its group when it is one.
 * `headers` are extension headers in front of `message`, each `{ type, bytes }` with the next-header octet left open.
 */
export function frame({ from, to, source, destination, hopLimit = 255, next, message, headers = [], length }) {
  const [src, dst] = [source, destination].map((one) => (typeof one === 'string' ? address(one) : one));
  const chain = headers.flatMap(({ bytes }, i) => [headers[i + 1]?.type ?? next, ...bytes.slice(1)]);
  const payload = [...chain, ...message];
  return hex([
    ...(to === undefined ? groupMac(dst) : mac(to)),
    ...mac(from),
    0x86,
    0xdd,
    0x60,
    0,
    0,
    0,
    ...word(length ?? payload.length),
    headers[0]?.type ?? next,
    hopLimit,
    ...src,
    ...dst,
    ...payload,
  ]);
}

/** An ICMPv6 message with its checksum, or with a wrong one. */
export function icmpv6({ source, destination, type, code = 0, body, wrong = false }) {
  const [src, dst] = [source, destination].map((one) => (typeof one === 'string' ? address(one) : one));
  const message = [type, code, 0, 0, ...body];
  const sum = checksum(src, dst, 58, message) ^ (wrong ? 0x1234 : 0);
  return [type, code, ...word(sum), ...body];
}

export function udp({ source, destination, sourcePort, destinationPort, data, sum }) {
  const head = [...word(sourcePort), ...word(destinationPort), ...word(8 + data.length)];
  const [src, dst] = [address(source), address(destination)];
  const value = sum ?? (checksum(src, dst, 17, [...head, 0, 0, ...data]) || 0xffff);
  return [...head, ...word(value), ...data];
}

/** Options of Neighbor Discovery (RFC 4861 4.6). */
export const sourceLink = (text) => [1, 1, ...mac(text)];
export const targetLink = (text) => [2, 1, ...mac(text)];
export const mtuOption = (mtu) => [5, 1, 0, 0, ...long(mtu)];
export const prefixOption = ({ prefix, length = 64, flags = 0xc0, valid, preferred }) => [
  3,
  4,
  length,
  flags,
  ...long(valid),
  ...long(preferred),
  0,
  0,
  0,
  0,
  ...address(prefix),
];

/** A fragment header (RFC 8200 4.5); `offset` in octets. */
export const fragmentHeader = ({ offset, more, identification }) => ({
  type: 44,
  bytes: [0, 0, ...word(offset | (more ? 1 : 0)), ...long(identification)],
});
