/** Headers in an order that is seldom seen (RFC 8200 4), when errors are not sent (RFC 4443 2.4), paths of several destinations (RFC 8201). */
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
  peerAdvertises,
  ROUTER,
  routerAdvertises,
  solicits,
  UNSPECIFIED,
} from './actors.mjs';
import { fragmentHeader, frame, icmpv6, long, sourceLink } from './frames.mjs';
import { cut } from './hosts.mjs';

const KNOWN = [{ inject: solicits() }, { wait: 0.1 }, { flush: true }];
/** Another host behind the router. */
const FARTHER = '2001:db8:2::9';
const ERRORS = [1, 2, 3, 4];
const options = (type, ...bytes) => ({ type, bytes: [0, (bytes.length - 6) >> 3, ...bytes] });
const hopByHop = (...bytes) => options(0, ...bytes);
const toHost = (...bytes) => options(60, ...bytes);
const PADDED = [1, 4, 0, 0, 0, 0];
const COMPLAIN = [0x87, 4, 0, 0, 0, 0];
const problem = (about, code, pointer, change = {}) => ({
  expect: hostError({ type: 4, code, rest: pointer, about, ...change }),
  within: 0.2,
});
const cases = (rows) =>
  Object.fromEntries(
    rows.map(([what, about, then]) => [
      what,
      [...KNOWN, { inject: about }, ...(then === null ? [{ forbid: { icmpv6: [129, ...ERRORS] }, for: 1 }] : [then])],
    ]),
  );
const withHeaders = (...headers) => echoRequest({ headers });
/** A packet whose first header is `next`, with these octets. */
const raw = (next, octets, headers = [], change = {}) =>
  frame({
    from: PEER.mac,
    to: HOST.mac,
    source: PEER.local,
    destination: HOST.local,
    hopLimit: 64,
    next,
    message: octets,
    headers,
    ...change,
  });
const some = (type, { more = false, odd = false, offset = 0 } = {}) => ({
  header: fragmentHeader({ offset, more, identification: 99 }),
  octets: icmpv6({
    source: PEER.local,
    destination: HOST.local,
    type,
    body: [0, 1, 0, 1, ...Array(odd ? 9 : 8).fill(7)],
  }),
});
const atomic = some(128);
const oddOne = some(128, { more: true, odd: true });

const order = (name, rows) => cases(rows.map(([what, about, then]) => [`${name}: ${what}`, about, then]));
const badFirst = raw(58, oddOne.octets, [hopByHop(...PADDED), toHost(...COMPLAIN), oddOne.header]);
const fragmentFirst = raw(58, oddOne.octets, [hopByHop(...PADDED), oddOne.header, toHost(...COMPLAIN)]);
const goodFirst = raw(58, oddOne.octets, [hopByHop(...PADDED), toHost(...PADDED), oddOne.header]);
const badLast = raw(58, atomic.octets, [hopByHop(...PADDED), atomic.header, toHost(...COMPLAIN)]);
const four = (...kinds) => withHeaders(toHost(...kinds.flatMap((kind) => [kind, 2, 0, 0]), 1, 4, 0, 0, 0, 0));

const unknownAfter = raw(150, Array(8).fill(0), [toHost(...PADDED)]);
const hopByHopLater = withHeaders(toHost(...PADDED), hopByHop(...PADDED));
const hopByHopTwice = withHeaders(hopByHop(...PADDED), hopByHop(...PADDED));

export const moreHeaders = {
  ...order('of two faults the first one counts', [
    ['options before a fragment', badFirst, problem(badFirst, 2, 50)],
    ['a fragment before options', fragmentFirst, problem(fragmentFirst, 0, 4)],
    ['a fragment after good options', goodFirst, problem(goodFirst, 0, 4)],
    ['options after an atomic fragment', badLast, problem(badLast, 2, 58)],
  ]),
  ...order('of several options the first one that matters counts', [
    ['discard', four(0x07, 0x47, 0x87, 0xc7), null],
    ['complain', four(0x07, 0x87, 0xc7, 0x47), problem(four(0x07, 0x87, 0xc7, 0x47), 2, 46)],
    ['complain to a host', four(0x07, 0xc7, 0x47, 0x87), problem(four(0x07, 0xc7, 0x47, 0x87), 2, 46)],
  ]),
  ...cases([
    ['an unknown header behind options is refused with where it is named', unknownAfter, problem(unknownAfter, 1, 40)],
    ['hop-by-hop options that are not first are refused', hopByHopLater, problem(hopByHopLater, 1, 40)],
    ['hop-by-hop options twice are refused', hopByHopTwice, problem(hopByHopTwice, 1, 40)],
    ['no next header behind options', raw(59, [1, 2, 3, 4, 5, 6, 7, 8], [toHost(...PADDED)]), null],
    ['many pads of one octet', withHeaders(toHost(0, 0, 0, 0, 0, 0)), { expect: echoReply(), within: 0.2 }],
    ['a pad of two octets', withHeaders(toHost(1, 0, 1, 2, 0, 0)), { expect: echoReply(), within: 0.2 }],
    ['an odd payload', echoRequest({ bytes: 51 }), { expect: echoReply({ bytes: 51 }), within: 0.2 }],
    [
      'a router alert and a limit of tunnels',
      withHeaders(hopByHop(5, 2, 0, 0, 1, 0), toHost(4, 1, 4, 1, 1, 0)),
      { expect: echoReply(), within: 0.2 },
    ],
    ['a payload length beyond the frame', raw(58, atomic.octets, [], { length: atomic.octets.length + 1 }), null],
  ]),
  ...Object.fromEntries(
    [0, 1, 4, 5, 7, 15].map((version) => [
      `a packet of version ${version} is dropped`,
      [
        ...KNOWN,
        { inject: echoRequest().replace(/86dd6/, `86dd${version.toString(16)}`) },
        { forbid: { icmpv6: [129, ...ERRORS] }, for: 1 },
      ],
    ]),
  ),
  ...Object.fromEntries(
    Object.entries({ 'a traffic class': '86dd6200', 'a flow label': '86dd600abcde', both: '86dd6ffabcde' }).map(
      ([what, begin]) => [
        `${what} is not sent back`,
        [
          ...KNOWN,
          { inject: echoRequest().replace('86dd60000000', begin.padEnd(12, '0')) },
          { expect: echoReply(), within: 0.2 },
        ],
      ],
    ),
  ),
  ...Object.fromEntries(
    [4, 41, 47, 50, 51, 89, 103, 132, 135, 143, 200, 252, 255].map((next) => {
      const about = raw(next, Array(16).fill(0));
      return [`header ${next} is not known`, [...KNOWN, { inject: about }, problem(about, 1, 6)]];
    }),
  ),
};

const answeredBy = (request, reply) => [...KNOWN, { inject: request }, { expect: reply, within: 0.2 }];
const silent = (...steps) => [...KNOWN, ...steps, { forbid: { icmpv6: [129, ...ERRORS] }, for: 1 }];
const errorFragment = fragment({
  offset: 0,
  more: true,
  part: icmpv6({ source: PEER.local, destination: HOST.local, type: 1, code: 4, body: Array(60).fill(0) }),
});
const groupFragment = frame({
  from: PEER.mac,
  source: PEER.local,
  destination: ALL_NODES,
  hopLimit: 64,
  next: 58,
  message: icmpv6({ source: PEER.local, destination: ALL_NODES, type: 128, body: Array(60).fill(0) }),
  headers: [fragmentHeader({ offset: 0, more: true, identification: 7 })],
});
const nobodysFragment = fragment({
  offset: 0,
  more: true,
  source: UNSPECIFIED,
  part: icmpv6({ source: UNSPECIFIED, destination: HOST.local, type: 128, body: Array(60).fill(0) }),
});
const never = (about) => [...KNOWN, { inject: about }, { forbid: { icmpv6: ERRORS }, for: 70 }];
const closed = datagram({ port: 4444, source: PEER.global, destination: HOST.global });

export const moreErrors = {
  'an echo request to a group is answered from the address of the link': answeredBy(
    echoRequest({ destination: ALL_NODES }),
    echoReply(),
  ),
  'an echo request to its solicited-node group is answered': answeredBy(
    echoRequest({ destination: 'ff02::1:ff33:4456' }),
    echoReply(),
  ),
  'an echo request to the routers is not for a host': silent({ inject: echoRequest({ destination: 'ff02::2' }) }),
  'an echo request from nobody is not answered': silent({ inject: echoRequest({ source: UNSPECIFIED }) }),
  'an echo request from itself is not answered': silent({ inject: echoRequest({ source: HOST.local }) }),
  'an echo request to nobody is not answered': silent({ inject: echoRequest({ destination: '::', to: HOST.mac }) }),
  'an echo request to the host that it is itself is not answered': silent({
    inject: echoRequest({ destination: '::1', to: HOST.mac }),
  }),
  'a closed port, of the global address': [
    { inject: closed },
    { expect: hostSolicits(PEER.global, { source: HOST.global }), within: 0.2 },
    { inject: peerAdvertises({ target: PEER.global, source: PEER.global, destination: HOST.global }) },
    {
      expect: hostError({ type: 1, code: 4, about: closed, source: HOST.global, destination: PEER.global }),
      within: 0.2,
    },
  ],
  'no error about a fragment of an error that is never whole': never(errorFragment),
  'no error about a fragment to a group that is never whole': never(groupFragment),
  'no error about a fragment from nobody that is never whole': never(nobodysFragment),
  'an unknown message of each end of the range': silent(
    { inject: message({ type: 255, body: long(0), hopLimit: 64 }) },
    { inject: message({ type: 154, body: long(0), hopLimit: 64 }) },
  ),
  'an unknown error of each end of the range': silent(
    { inject: message({ type: 5, body: long(0), hopLimit: 64 }) },
    { inject: message({ type: 127, body: long(0), hopLimit: 64 }) },
  ),
};

const tooBig = (mtu, about, change = {}) =>
  message({
    type: 2,
    body: [...long(mtu), ...Buffer.from(about, 'hex').subarray(14).subarray(0, 1232)],
    source: ROUTER.local,
    from: ROUTER.mac,
    destination: HOST.global,
    hopLimit: 64,
    ...change,
  });
const farAsks = (bytes, at = FAR) => ({
  inject: echoRequest({ source: at, destination: HOST.global, from: ROUTER.mac, bytes }),
});
const farReply = (bytes, at = FAR) => echoReply({ by: HOST.global, at, via: ROUTER.mac, bytes });
const farCut = (bytes, mtu, identification, at = FAR) =>
  cut({ bytes, mtu, identification, by: HOST.global, at, to: ROUTER.mac }).map((expect) => ({ expect, within: 0.2 }));
const routed = [{ inject: routerAdvertises({ options: sourceLink(ROUTER.mac) }) }, { wait: 0.1 }, { flush: true }];

export const morePaths = {
  'a destination afar, and how its path changes': [
    ...routed,
    farAsks(1452),
    { expect: farReply(1452), within: 0.2 },
    { inject: tooBig(1400, farReply(1452)) },
    farAsks(1452),
    ...farCut(1452, 1400, 1),
    { inject: tooBig(1280, farCut(1452, 1400, 1)[0].expect) },
    farAsks(1452),
    ...farCut(1452, 1280, 2),
  ],
  'each destination has its own path': [
    ...routed,
    farAsks(1452),
    { expect: farReply(1452), within: 0.2 },
    { inject: tooBig(1400, farReply(1452)) },
    farAsks(1452, FARTHER),
    { expect: farReply(1452, FARTHER), within: 0.2 },
    { inject: tooBig(1300, farReply(1452, FARTHER)) },
    farAsks(1452),
    ...farCut(1452, 1400, 1),
    farAsks(1452, FARTHER),
    ...farCut(1452, 1300, 2, FARTHER),
  ],
  'the code of the message says nothing': [
    ...routed,
    farAsks(1452),
    { expect: farReply(1452), within: 0.2 },
    { inject: tooBig(1280, farReply(1452), { code: 255 }) },
    farAsks(1452),
    ...farCut(1452, 1280, 1),
  ],
  'after ten minutes the whole path is tried again': [
    ...routed,
    farAsks(1452),
    { expect: farReply(1452), within: 0.2 },
    { inject: tooBig(1280, farReply(1452)) },
    { wait: 290 },
    ...routed,
    farAsks(1452),
    ...farCut(1452, 1280, 1),
    { wait: 320 },
    ...routed,
    farAsks(1452),
    { expect: farReply(1452), within: 0.2 },
  ],
  'the path to a group': [
    ...routed,
    { call: 'ping', to: 'ff1e::1:2', bytes: 1452, fill: '12' },
    { expect: groupPing(0), within: 0.2 },
    { inject: tooBig(1400, groupPing(0)) },
    { call: 'ping', to: 'ff1e::1:2', bytes: 1452, fill: '12' },
    ...groupCut(1, 1400).map((expect) => ({ expect, within: 0.2 })),
  ],
};

function groupMessage(sequence) {
  const body = [0x44, 0x56, 0, sequence, ...Array(1452).fill(0x12)];
  return icmpv6({ source: HOST.global, destination: 'ff1e::1:2', type: 128, body });
}

function groupPing(sequence) {
  return frame({
    from: HOST.mac,
    source: HOST.global,
    destination: 'ff1e::1:2',
    next: 58,
    message: groupMessage(sequence),
  });
}

function groupCut(sequence, mtu) {
  const whole = groupMessage(sequence);
  const size = (mtu - 48) & ~7;
  return [0, size].map((offset) =>
    frame({
      from: HOST.mac,
      source: HOST.global,
      destination: 'ff1e::1:2',
      next: 58,
      message: whole.slice(offset, offset + size),
      headers: [fragmentHeader({ offset, more: offset === 0, identification: 1 })],
    }),
  );
}

const [small0] = echoFragments({ bytes: 100, size: 56 });
const elsewhere = (part, change) => echoFragments({ bytes: 100, size: 56, ...change })[part];

export const moreFragments = {
  'fragments with other sources are kept apart': [
    ...KNOWN,
    { inject: small0 },
    { inject: elsewhere(1, { source: OTHER.local }) },
    { forbid: { icmpv6: [129] }, for: 1 },
  ],
  'fragments with other destinations are kept apart': [
    ...KNOWN,
    { inject: small0 },
    { inject: elsewhere(1, { destination: HOST.global }) },
    { forbid: { icmpv6: [129] }, for: 1 },
  ],
  'a fragment header with reserved bits': [
    ...KNOWN,
    {
      inject: frame({
        from: PEER.mac,
        to: HOST.mac,
        source: PEER.local,
        destination: HOST.local,
        hopLimit: 64,
        next: 58,
        message: atomic.octets,
        headers: [{ type: 44, bytes: [0, 0xff, 0, 6, 0, 0, 0, 9] }],
      }),
    },
    { expect: echoReplyOf(atomic.octets), within: 0.2 },
  ],
  'a fragment that is not alone and too short to have all headers': [
    ...KNOWN,
    { inject: fragment({ offset: 0, more: true, part: [] }) },
    { forbid: { icmpv6: [129] }, for: 1 },
  ],
};

function echoReplyOf(request) {
  return message({
    type: 129,
    body: request.slice(4),
    from: HOST.mac,
    to: PEER.mac,
    source: HOST.local,
    destination: PEER.local,
  });
}
