/** Who talks in the recorded sequences, and what they say. */
import {
  address,
  fragmentHeader,
  frame,
  icmpv6,
  long,
  prefixOption,
  solicitedNode,
  sourceLink,
  targetLink,
  udp,
  word,
} from './frames.mjs';

export const HOST = {
  mac: '00:11:22:33:44:56',
  local: 'fe80::211:22ff:fe33:4456',
  global: '2001:db8::211:22ff:fe33:4456',
};
export const PEER = { mac: '00:11:22:33:44:57', local: 'fe80::211:22ff:fe33:4457', global: '2001:db8::57' };
export const ROUTER = { mac: '00:11:22:33:44:01', local: 'fe80::1' };
export const OTHER = { mac: '00:11:22:33:44:02', local: 'fe80::2' };
/** A host behind a router. */
export const FAR = '2001:db8:1::9';
export const ALL_NODES = 'ff02::1';
export const ALL_ROUTERS = 'ff02::2';
export const UNSPECIFIED = '::';

export const ECHO_REQUEST = 128;
export const ECHO_REPLY = 129;
export const ROUTER_SOLICITATION = 133;
export const ROUTER_ADVERTISEMENT = 134;
export const SOLICITATION = 135;
export const ADVERTISEMENT = 136;
export const REDIRECT = 137;

/** Any ICMPv6 message as a frame. Members that are left out are those of a message from the peer to the host. */
export function message({ type, body, code, wrong, ...ip }) {
  const { source = PEER.local, destination = HOST.local, from = PEER.mac, to, hopLimit, headers } = ip;
  const whole = icmpv6({ source, destination, type, code, body, wrong });
  const unicast = typeof destination === 'string' && !destination.startsWith('ff');
  return frame({
    from,
    to: to ?? (unicast ? HOST.mac : undefined),
    source,
    destination,
    hopLimit,
    next: 58,
    message: ip.cut === undefined ? whole : whole.slice(0, ip.cut),
    headers,
  });
}

const data = (count) => Array.from({ length: count }, (_, i) => i & 255);

/** An echo request to the host, and the reply that it must send. */
export function echoRequest({ id = 1, sequence = 1, bytes = 8, ...ip } = {}) {
  return message({ type: ECHO_REQUEST, body: [...word(id), ...word(sequence), ...data(bytes)], hopLimit: 64, ...ip });
}

export function echoReply({
  id = 1,
  sequence = 1,
  bytes = 8,
  by = HOST.local,
  to = PEER,
  at = PEER.local,
  via,
  ...ip
} = {}) {
  return message({
    type: ECHO_REPLY,
    body: [...word(id), ...word(sequence), ...data(bytes)],
    from: HOST.mac,
    to: via ?? to.mac,
    source: by,
    destination: at,
    ...ip,
  });
}

/** A solicitation by the peer for an address of the host. */
export function solicits(target = HOST.local, change = {}) {
  return message({
    type: SOLICITATION,
    body: [0, 0, 0, 0, ...address(target), ...sourceLink(PEER.mac)],
    destination: solicitedNode(target),
    ...change,
  });
}

/** The host's answer. */
export function advertises(target = HOST.local, change = {}) {
  return message({
    type: ADVERTISEMENT,
    body: [0x60, 0, 0, 0, ...address(target), ...targetLink(HOST.mac)],
    from: HOST.mac,
    to: PEER.mac,
    source: target,
    destination: PEER.local,
    ...change,
  });
}

/** The host asks who has an address, all (address resolution) or one (a probe). */
export function hostSolicits(target, { to, source = HOST.local } = {}) {
  return message({
    type: SOLICITATION,
    body: [0, 0, 0, 0, ...address(target), ...(source === UNSPECIFIED ? [] : sourceLink(HOST.mac))],
    from: HOST.mac,
    to,
    source,
    destination: to === undefined ? solicitedNode(target) : target,
  });
}

/** The peer's (or somebody's) advertisement. Flags: R 0x80, S 0x40, O 0x20. */
export function peerAdvertises({ target = PEER.local, flags = 0x60, link = PEER.mac, body, ...change } = {}) {
  const option = link === null ? [] : targetLink(link);
  return message({ type: ADVERTISEMENT, body: body ?? [flags, 0, 0, 0, ...address(target), ...option], ...change });
}

/** A router's advertisement. */
export function routerAdvertises({
  hops = 0,
  flags = 0,
  lifetime = 1800,
  reachable = 0,
  retrans = 0,
  options = [],
  router = ROUTER,
  ...change
} = {}) {
  return message({
    type: ROUTER_ADVERTISEMENT,
    body: [hops, flags, ...word(lifetime), ...long(reachable), ...long(retrans), ...options],
    source: router.local,
    from: router.mac,
    destination: ALL_NODES,
    ...change,
  });
}

export const prefix = (change = {}) =>
  prefixOption({ prefix: '2001:db8::', valid: 2_592_000, preferred: 604_800, ...change });

/** A datagram from the peer to a port of the host. */
export function datagram({ source = PEER.local, destination = HOST.local, port = 9, bytes = 4, sum, ...ip } = {}) {
  return frame({
    from: PEER.mac,
    to: ip.to ?? (destination.startsWith('ff') ? undefined : HOST.mac),
    source,
    destination,
    hopLimit: 64,
    next: 17,
    message: udp({ source, destination, sourcePort: 4000, destinationPort: port, data: data(bytes), sum }),
    headers: ip.headers,
  });
}

/** The fragments of an echo request whose message has `bytes` octets of data, cut at multiples of `size`. */
export function echoFragments({ bytes, size, identification = 7, ...rest }) {
  const { source = PEER.local, destination = HOST.local } = rest;
  const whole = icmpv6({ source, destination, type: ECHO_REQUEST, body: [0, 1, 0, 1, ...data(bytes)] });
  const parts = [];
  for (let offset = 0; offset < whole.length; offset += size) {
    parts.push(
      fragment({
        source,
        destination,
        offset,
        more: offset + size < whole.length,
        identification,
        part: whole.slice(offset, offset + size),
      }),
    );
  }
  return parts;
}

export function fragment({
  offset,
  more,
  identification = 7,
  part,
  source = PEER.local,
  destination = HOST.local,
  next = 58,
}) {
  return frame({
    from: PEER.mac,
    to: HOST.mac,
    source,
    destination,
    hopLimit: 64,
    next,
    message: part,
    headers: [fragmentHeader({ offset, more, identification })],
  });
}

/** An ICMPv6 error by the host about a frame: as much of its packet as fits 1280 octets (RFC 4443 2.4 c). */
export function hostError({
  type,
  code,
  rest = 0,
  about,
  source = HOST.local,
  destination = PEER.local,
  to = PEER.mac,
}) {
  const packet = [...Buffer.from(about, 'hex')].slice(14).slice(0, 1280 - 48);
  return message({ type, code, body: [...long(rest), ...packet], from: HOST.mac, to, source, destination });
}
