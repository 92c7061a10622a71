/** Extension headers and fragments (RFC 8200), errors (RFC 4443), the MTU of a path (RFC 8201), redirects (RFC 4861 8). */
import {
  ALL_NODES,
  datagram,
  echoFragments,
  echoReply,
  echoRequest,
  FAR,
  fragment,
  HOST,
  hostError,
  hostSolicits,
  message,
  OTHER,
  PEER,
  REDIRECT,
  ROUTER,
  routerAdvertises,
  solicits,
  UNSPECIFIED,
} from './actors.mjs';
import { address, frame, icmpv6, long, sourceLink, targetLink } from './frames.mjs';

/** The peer is known from here on: its solicitation said who it is. */
const KNOWN = [{ inject: solicits() }, { wait: 0.1 }, { flush: true }];
const ERRORS = [1, 2, 3, 4];
const silent = (...steps) => [...KNOWN, ...steps, { forbid: { icmpv6: [129, ...ERRORS] }, for: 2 }];
const answered = (request, reply) => [...KNOWN, { inject: request }, { expect: reply, within: 1 }];

const options = (type, ...bytes) => ({ type, bytes: [0, (bytes.length - 6) >> 3, ...bytes] });
const hopByHop = (...bytes) => options(0, ...bytes);
const destinationOptions = (...bytes) => options(60, ...bytes);
const PADDED = [1, 4, 0, 0, 0, 0];
const unknownOption = (high) => [high | 0x1f, 4, 0, 0, 0, 0];
const routing = (type, left) => ({ type: 43, bytes: [0, 2, type, left, 0, 0, 0, 0, ...address('2001:db8::99')] });

const withHeaders = (...headers) => echoRequest({ headers });
const pointerAt = (offset) => offset;

/** For each of the four things that an unknown option can ask for (RFC 8200 4.2). */
function unknownOptions(name, header) {
  const skip = withHeaders(header(...unknownOption(0x00)));
  const discard = withHeaders(header(...unknownOption(0x40)));
  const complain = withHeaders(header(...unknownOption(0x80)));
  const complainToHost = withHeaders(header(...unknownOption(0xc0)));
  const group = (high) => echoRequest({ headers: [header(...unknownOption(high))], destination: ALL_NODES });
  const error = (about) => hostError({ type: 4, code: 2, rest: pointerAt(42), about });
  return {
    [`skips an unknown ${name} option of kind 00`]: answered(skip, echoReply()),
    [`discards for an unknown ${name} option of kind 01`]: silent({ inject: discard }),
    [`complains of an unknown ${name} option of kind 10`]: answered(complain, error(complain)),
    [`complains of an unknown ${name} option of kind 10 to a group, too`]: answered(group(0x80), error(group(0x80))),
    [`complains of an unknown ${name} option of kind 11`]: answered(complainToHost, error(complainToHost)),
    [`does not complain of an unknown ${name} option of kind 11 to a group`]: silent({ inject: group(0xc0) }),
  };
}

const unknownNext = frame({
  from: PEER.mac,
  to: HOST.mac,
  source: PEER.local,
  destination: HOST.local,
  hopLimit: 64,
  next: 253,
  message: [0, 0, 0, 0, 0, 0, 0, 0],
});
const routedZero = withHeaders(routing(0, 1));
const routedUnknown = withHeaders(routing(200, 1));
const noNext = frame({
  from: PEER.mac,
  to: HOST.mac,
  source: PEER.local,
  destination: HOST.local,
  hopLimit: 64,
  next: 59,
  message: [1, 2, 3, 4, 5, 6, 7, 8],
});

export const headers = {
  'an echo request is answered': answered(echoRequest(), echoReply()),
  'an echo request without data is answered': answered(echoRequest({ bytes: 0 }), echoReply({ bytes: 0 })),
  'an echo request of a full link is answered': answered(echoRequest({ bytes: 1452 }), echoReply({ bytes: 1452 })),
  'hop limit 1 is enough for the last hop': answered(echoRequest({ hopLimit: 1 }), echoReply()),
  'hop limit 0 is enough for a host': answered(echoRequest({ hopLimit: 0 }), echoReply()),
  'a wrong checksum is dropped': silent({ inject: echoRequest({ wrong: true }) }),
  'a packet for somebody else is dropped': silent({ inject: echoRequest({ destination: 'fe80::77', to: HOST.mac }) }),
  'a packet from a group is dropped': silent({ inject: echoRequest({ source: 'ff02::1' }) }),
  'padding options are skipped': answered(
    withHeaders(hopByHop(...PADDED), destinationOptions(0, 0, 0, 0, 0, 0)),
    echoReply(),
  ),
  'options in every place a host may see are skipped': answered(
    withHeaders(hopByHop(...PADDED), destinationOptions(...PADDED), routing(253, 0), destinationOptions(...PADDED)),
    echoReply(),
  ),
  ...unknownOptions('hop-by-hop', hopByHop),
  ...unknownOptions('destination', destinationOptions),
  'a routing header with nothing left is skipped': answered(withHeaders(routing(200, 0)), echoReply()),
  'a routing header of type 0 is refused': answered(
    routedZero,
    hostError({ type: 4, code: 0, rest: 42, about: routedZero }),
  ),
  'an unknown routing header with hops left is refused': answered(
    routedUnknown,
    hostError({ type: 4, code: 0, rest: 42, about: routedUnknown }),
  ),
  'an unknown next header is refused with where it is named': answered(
    unknownNext,
    hostError({ type: 4, code: 1, rest: 6, about: unknownNext }),
  ),
  'no next header means nothing follows': silent({ inject: noNext }),
};

const closed = datagram({ port: 4444 });
const toGroup = datagram({ port: 4444, destination: ALL_NODES });
const large = datagram({ port: 4444, bytes: 1400 });

export const errors = {
  'a datagram to a closed port is refused': answered(closed, hostError({ type: 1, code: 4, about: closed })),
  'a refusal quotes as much as fits 1280 octets': answered(large, hostError({ type: 1, code: 4, about: large })),
  'a datagram to a group is not refused': silent({ inject: toGroup }),
  'a datagram with a wrong checksum is not refused': silent({ inject: datagram({ port: 4444, sum: 0x1111 }) }),
  'a datagram without a checksum is not refused': silent({ inject: datagram({ port: 4444, sum: 0 }) }),
  'a datagram to an open port is taken in silence': silent({ inject: datagram({ port: 9 }) }),
  'a datagram from nobody is not refused': silent({ inject: datagram({ port: 4444, source: UNSPECIFIED }) }),
  'an error about an error is not sent': silent({
    inject: message({
      type: 1,
      code: 4,
      body: [0, 0, 0, 0, ...Buffer.from(unknownNext, 'hex').subarray(14)],
      hopLimit: 64,
    }),
  }),
  'an unknown error is taken in silence': silent({ inject: message({ type: 100, body: long(0), hopLimit: 64 }) }),
  'an unknown message is taken in silence': silent({ inject: message({ type: 200, body: long(0), hopLimit: 64 }) }),
};

const [first, second, third] = echoFragments({ bytes: 2000, size: 800 });
const whole = (bytes) => [0, 1, 0, 1, ...Array.from({ length: bytes }, (_, i) => i & 255)];
const replyFragments = (bytes, identification) => {
  const parts = icmpv6({ source: HOST.local, destination: PEER.local, type: 129, body: whole(bytes) });
  const cut = 1448;
  return [0, cut].map((offset) =>
    frame({
      from: HOST.mac,
      to: PEER.mac,
      source: HOST.local,
      destination: PEER.local,
      next: 58,
      message: parts.slice(offset, offset + cut),
      headers: [
        {
          type: 44,
          bytes: [0, 0, (offset >> 8) & 255, (offset & 255) | (offset === 0 ? 1 : 0), ...long(identification)],
        },
      ],
    }),
  );
};
const [replyFirst, replySecond] = replyFragments(2000, 1);
const both = [
  { expect: replyFirst, within: 1 },
  { expect: replySecond, within: 1 },
];
const small = echoFragments({ bytes: 100, size: 56 });
const smallReply = { expect: echoReply({ bytes: 100 }), within: 1 };
const atomic = fragment({
  offset: 0,
  more: false,
  part: icmpv6({ source: PEER.local, destination: HOST.local, type: 128, body: whole(8) }),
});
const odd = fragment({ offset: 0, more: true, part: [128, 0, ...Array(55).fill(0)] });
const beyond = fragment({ offset: 65_528, more: false, part: Array(16).fill(0) });

export const fragments = {
  'fragments in order are put together': [...KNOWN, { inject: first }, { inject: second }, { inject: third }, ...both],
  'fragments in reverse order are put together': [
    ...KNOWN,
    { inject: third },
    { inject: second },
    { inject: first },
    ...both,
  ],
  'the last fragment first': [...KNOWN, { inject: small[1] }, { inject: small[0] }, smallReply],
  'a fragment that comes twice does no harm': [
    ...KNOWN,
    { inject: small[0] },
    { inject: small[0] },
    { inject: small[1] },
    smallReply,
  ],
  'fragments of different packets are kept apart': [
    ...KNOWN,
    { inject: small[0] },
    { inject: echoFragments({ bytes: 100, size: 56, identification: 8 })[1] },
    { forbid: { icmpv6: [129] }, for: 1 },
    { inject: small[1] },
    smallReply,
  ],
  'an overlap ends it for the whole packet': [
    ...KNOWN,
    { inject: small[0] },
    { inject: fragment({ offset: 48, more: false, part: Array(60).fill(0) }) },
    { inject: small[1] },
    { forbid: { icmpv6: [129] }, for: 2 },
  ],
  'fragments within a minute are put together': [
    ...KNOWN,
    { inject: small[0] },
    { wait: 58 },
    // The peer has been forgotten meanwhile.
    ...KNOWN,
    { inject: small[1] },
    { expect: echoReply({ bytes: 100 }), within: 2 },
  ],
  'after a minute the sender of the first fragment is told': [
    ...KNOWN,
    { inject: small[0] },
    { forbid: { icmpv6: [3] }, for: 58 },
    ...KNOWN,
    { expect: hostError({ type: 3, code: 1, about: small[0] }), within: 5 },
    { inject: small[1] },
    { forbid: { icmpv6: [129] }, for: 1 },
  ],
  'after a minute without the first fragment nobody is told': [
    ...KNOWN,
    { inject: small[1] },
    { forbid: { icmpv6: [3] }, for: 70 },
  ],
  'an atomic fragment is a packet': answered(atomic, echoReply()),
  'an atomic fragment does not meet others of its number': [
    ...KNOWN,
    { inject: small[0] },
    { inject: atomic },
    { expect: echoReply(), within: 1 },
    { inject: small[1] },
    smallReply,
  ],
  'a fragment whose length is no multiple of eight is refused': answered(
    odd,
    hostError({ type: 4, code: 0, rest: 4, about: odd }),
  ),
  'a fragment beyond the longest packet is refused': answered(
    beyond,
    hostError({ type: 4, code: 0, rest: 42, about: beyond }),
  ),
};

/** A packet of the host was too big for a link on the way. */
const tooBig = (mtu, about, change = {}) =>
  message({
    type: 2,
    body: [...long(mtu), ...Buffer.from(about, 'hex').subarray(14).subarray(0, 1232)],
    source: PEER.local,
    hopLimit: 64,
    ...change,
  });
const big = { inject: echoRequest({ bytes: 1452 }) };
const bigReply = echoReply({ bytes: 1452 });
const cutReply = (mtu) => {
  const parts = icmpv6({ source: HOST.local, destination: PEER.local, type: 129, body: whole(1452) });
  const size = (mtu - 48) & ~7;
  return frame({
    from: HOST.mac,
    to: PEER.mac,
    source: HOST.local,
    destination: PEER.local,
    next: 58,
    message: parts.slice(0, size),
    headers: [{ type: 44, bytes: [0, 0, 0, 1, ...long(1)] }],
  });
};
/** Identifications of packets to the peer; which one is used is the host's own business. */
const NUMBER = [[58, 61]];

export const paths = {
  'a packet too big makes the host send fragments': [
    ...KNOWN,
    big,
    { expect: bigReply, within: 1 },
    { inject: tooBig(1400, bigReply) },
    big,
    { expect: cutReply(1400), within: 1, ignore: NUMBER },
  ],
  'a second one makes them smaller': [
    ...KNOWN,
    big,
    { expect: bigReply, within: 1 },
    { inject: tooBig(1400, bigReply) },
    { inject: tooBig(1280, bigReply) },
    big,
    { expect: cutReply(1280), within: 1, ignore: NUMBER },
  ],
  'a larger MTU than before says nothing': [
    ...KNOWN,
    big,
    { expect: bigReply, within: 1 },
    { inject: tooBig(1300, bigReply) },
    { inject: tooBig(1450, bigReply) },
    big,
    { expect: cutReply(1300), within: 1, ignore: NUMBER },
  ],
  'an MTU below 1280 changes nothing': [
    ...KNOWN,
    big,
    { expect: bigReply, within: 1 },
    { inject: tooBig(800, bigReply) },
    big,
    { expect: bigReply, within: 1 },
  ],
  'an MTU beyond the link changes nothing': [
    ...KNOWN,
    big,
    { expect: bigReply, within: 1 },
    { inject: tooBig(9000, bigReply) },
    big,
    { expect: bigReply, within: 1 },
  ],
  'a wrong checksum changes nothing': [
    ...KNOWN,
    big,
    { expect: bigReply, within: 1 },
    { inject: tooBig(1280, bigReply, { wrong: true }) },
    big,
    { expect: bigReply, within: 1 },
  ],
  'what fits the path goes whole': [
    ...KNOWN,
    big,
    { expect: bigReply, within: 1 },
    { inject: tooBig(1280, bigReply) },
    { inject: echoRequest({ bytes: 1232 }) },
    { expect: echoReply({ bytes: 1232 }), within: 1 },
  ],
};

/** The host sends to somebody afar by way of the router, which knows a better way. */
const AFAR = [
  { inject: routerAdvertises({ options: sourceLink(ROUTER.mac) }) },
  { wait: 1 },
  { flush: true },
  { inject: echoRequest({ source: FAR, destination: HOST.global, from: ROUTER.mac }) },
  { expect: echoReply({ by: HOST.global, at: FAR, via: ROUTER.mac }), within: 1 },
];
const redirect = ({ target = OTHER.local, destination = FAR, options = targetLink(OTHER.mac), ...change } = {}) =>
  message({
    type: REDIRECT,
    body: [0, 0, 0, 0, ...address(target), ...address(destination), ...options],
    source: ROUTER.local,
    from: ROUTER.mac,
    destination: HOST.global,
    ...change,
  });
const again = (via) => [
  { inject: echoRequest({ source: FAR, destination: HOST.global, from: ROUTER.mac, sequence: 2 }) },
  { expect: echoReply({ by: HOST.global, at: FAR, via, sequence: 2 }), within: 1 },
];

export const redirects = {
  'a redirect to another router is followed': [...AFAR, { inject: redirect() }, ...again(OTHER.mac)],
  'a redirect to a router that is not known yet makes the host look for it': [
    ...AFAR,
    { inject: redirect({ options: [] }) },
    { inject: echoRequest({ source: FAR, destination: HOST.global, from: ROUTER.mac, sequence: 2 }) },
    { expect: hostSolicits(OTHER.local, { source: HOST.global }), within: 1 },
  ],
  'a redirect to the destination itself: it is a neighbor': [
    ...AFAR,
    { inject: redirect({ target: FAR, options: targetLink(PEER.mac) }) },
    ...again(PEER.mac),
  ],
  ...Object.fromEntries(
    Object.entries({
      'from another router': { source: OTHER.local, from: OTHER.mac },
      'with hop limit 254': { hopLimit: 254 },
      'with a wrong checksum': { wrong: true },
      'with code 1': { code: 1 },
      'with a group as the destination': {
        destination: undefined,
        body: undefined,
        to: undefined,
        target: OTHER.local,
        groupDestination: true,
      },
      'to a target that is neither a router nor the destination': { target: '2001:db8:5::5' },
      'with an option of length 0': { options: [2, 0, 0, 0, 0, 0, 0, 0] },
      'that is too short': { cut: 24 },
    })
      .filter(([, change]) => change.groupDestination === undefined)
      .map(([what, change]) => [
        `a redirect ${what} is ignored`,
        [...AFAR, { inject: redirect(change) }, ...again(ROUTER.mac)],
      ]),
  ),
};
