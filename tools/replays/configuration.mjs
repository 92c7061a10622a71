/** Duplicate detection and stateless autoconfiguration (RFC 4862), and routers (RFC 4861 6). */
import {
  ADVERTISEMENT,
  ALL_ROUTERS,
  advertises,
  echoReply,
  echoRequest,
  FAR,
  HOST,
  hostSolicits,
  message,
  OTHER,
  PEER,
  peerAdvertises,
  prefix,
  ROUTER,
  ROUTER_SOLICITATION,
  routerAdvertises,
  SOLICITATION,
  solicits,
  UNSPECIFIED,
} from './actors.mjs';
import { address, mtuOption, solicitedNode, sourceLink, targetLink } from './frames.mjs';

/** Before the host has looked for its address: nothing has passed. */
const FRESH = { fresh: true, addresses: [`${HOST.local}/64`], dad: true };
const probe = hostSolicits(HOST.local, { source: UNSPECIFIED });

/** Somebody else looks for the host's own tentative address. */
const rival = (change = {}) =>
  message({
    type: SOLICITATION,
    body: [0, 0, 0, 0, ...address(HOST.local)],
    source: UNSPECIFIED,
    destination: solicitedNode(HOST.local),
    hopLimit: 255,
    ...change,
  });

/** Somebody else has it. */
const owner = (change = {}) =>
  message({
    type: ADVERTISEMENT,
    body: [0x20, 0, 0, 0, ...address(HOST.local), ...targetLink(PEER.mac)],
    source: HOST.local,
    destination: 'ff02::1',
    ...change,
  });

/** Is the link-local address in use? Asked once everything is over. */
const inUse = [{ flush: true }, { inject: solicits() }, { expect: advertises(), within: 1 }];
const notInUse = [{ flush: true }, { inject: solicits() }, { forbid: { icmpv6: [ADVERTISEMENT] }, for: 2 }];

const asks = message({
  type: ROUTER_SOLICITATION,
  body: [0, 0, 0, 0, ...sourceLink(HOST.mac)],
  from: HOST.mac,
  source: HOST.local,
  destination: ALL_ROUTERS,
});

const withRouter = (...steps) => [
  { inject: routerAdvertises({ options: [...sourceLink(ROUTER.mac)] }) },
  { wait: 1 },
  { flush: true },
  ...steps,
];

/** A packet from afar reaches the host through the router; the answer shows the host's way back. */
const fromAfar = (sequence = 1) => echoRequest({ source: FAR, destination: HOST.global, from: ROUTER.mac, sequence });
const toAfar = (via = ROUTER.mac, sequence = 1) => echoReply({ by: HOST.global, at: FAR, via, sequence });

const autonomous = '2001:db8:7::211:22ff:fe33:4456';
const newPrefix = (change = {}) => prefix({ prefix: '2001:db8:7::', ...change });
const offers = (...options) => ({ inject: routerAdvertises({ options }) });
const has = (target) => [{ flush: true }, { inject: solicits(target) }, { expect: advertises(target), within: 1 }];
const hasNot = (target) => [
  { flush: true },
  { inject: solicits(target) },
  { forbid: { icmpv6: [ADVERTISEMENT] }, for: 2 },
];

export const duplicates = {
  ...Object.fromEntries(
    [1, 2, 3].map((count) => [
      `looks for its address ${count === 1 ? 'once' : `${count} times, a second apart`}`,
      {
        ...FRESH,
        set: { dadTransmits: count },
        steps: [
          { expect: probe, within: 2 },
          ...Array.from({ length: count - 1 }, () => ({ expect: probe, within: 1.1 })),
          { forbid: { icmpv6: [ADVERTISEMENT] }, for: 0.5 },
          { wait: 2 },
          ...inUse,
        ],
      },
    ]),
  ),
  'with no probes the address is used at once': { ...FRESH, set: { dadTransmits: 0 }, steps: inUse },
  'waits as long as the retransmission timer says': {
    ...FRESH,
    set: { dadTransmits: 2, retransTimerMs: 3000 },
    steps: [
      { expect: probe, within: 2 },
      { forbid: { icmpv6: [SOLICITATION] }, for: 2.7 },
      { expect: probe, within: 0.4 },
    ],
  },
  'somebody else looks for it too: nobody has it': {
    ...FRESH,
    steps: [{ expect: probe, within: 2 }, { inject: rival() }, { wait: 6 }, ...notInUse],
  },
  'somebody has it: it is not used': {
    ...FRESH,
    steps: [{ expect: probe, within: 2 }, { inject: owner() }, { wait: 6 }, ...notInUse],
  },
  'no answer is given for a tentative address': {
    ...FRESH,
    steps: [
      { expect: probe, within: 2 },
      { inject: solicits() },
      { forbid: { icmpv6: [ADVERTISEMENT] }, for: 0.5 },
      { wait: 6 },
      ...inUse,
    ],
  },
  'nothing is received for a tentative address': {
    ...FRESH,
    steps: [{ expect: probe, within: 2 }, { inject: echoRequest() }, { forbid: { icmpv6: [129] }, for: 0.5 }],
  },
  ...Object.fromEntries(
    Object.entries({
      'hop limit 254': { hopLimit: 254 },
      'a wrong checksum': { wrong: true },
      'code 1': { code: 1 },
      'another target': { body: [0, 0, 0, 0, ...address('fe80::77')] },
      'a source address': { source: PEER.local },
    }).map(([what, change]) => [
      `a rival's solicitation with ${what} changes nothing`,
      { ...FRESH, steps: [{ expect: probe, within: 2 }, { inject: rival(change) }, { wait: 6 }, ...inUse] },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries({
      'hop limit 254': { hopLimit: 254 },
      'a wrong checksum': { wrong: true },
      'code 1': { code: 1 },
      'another target': { body: [0x20, 0, 0, 0, ...address('fe80::77'), ...targetLink(PEER.mac)] },
      'an option of length 0': { body: [0x20, 0, 0, 0, ...address(HOST.local), 2, 0, 0, 0, 0, 0, 0, 0] },
    }).map(([what, change]) => [
      `an owner's advertisement with ${what} changes nothing`,
      { ...FRESH, steps: [{ expect: probe, within: 2 }, { inject: owner(change) }, { wait: 6 }, ...inUse] },
    ]),
  ),
};

export const routers = {
  'asks for routers three times, four seconds apart': {
    ...FRESH,
    set: { dadTransmits: 1 },
    steps: [
      { expect: asks, within: 4 },
      { expect: asks, within: 4.1 },
      { expect: asks, within: 4.1 },
      { forbid: { icmpv6: [ROUTER_SOLICITATION] }, for: 10 },
    ],
  },
  'an answer ends the asking': {
    ...FRESH,
    set: { dadTransmits: 1 },
    steps: [
      { expect: asks, within: 4 },
      { inject: routerAdvertises({ options: sourceLink(ROUTER.mac) }) },
      { forbid: { icmpv6: [ROUTER_SOLICITATION] }, for: 12 },
    ],
  },
  'a router is used for what is beyond the link': withRouter({ inject: fromAfar() }, { expect: toAfar(), within: 1 }),
  'without a router nothing goes beyond the link': [
    { inject: fromAfar() },
    { forbid: { icmpv6: [129, SOLICITATION] }, for: 4 },
  ],
  'a router that says nothing of its address is looked for': [
    { inject: routerAdvertises() },
    { inject: fromAfar() },
    { expect: hostSolicits(ROUTER.local, { source: HOST.global }), within: 1 },
    {
      inject: peerAdvertises({
        target: ROUTER.local,
        link: ROUTER.mac,
        source: ROUTER.local,
        from: ROUTER.mac,
        destination: HOST.global,
        flags: 0xe0,
      }),
    },
    { expect: toAfar(), within: 1 },
  ],
  'a lifetime of 0 takes the router away': withRouter(
    { inject: routerAdvertises({ lifetime: 0 }) },
    { inject: fromAfar() },
    { forbid: { icmpv6: [129] }, for: 4 },
  ),
  'a router is forgotten when its lifetime is over': [
    { inject: routerAdvertises({ lifetime: 20, options: sourceLink(ROUTER.mac) }) },
    { wait: 21 },
    { flush: true },
    { inject: fromAfar() },
    { forbid: { icmpv6: [129] }, for: 4 },
  ],
  'of two routers one is used, and the other when that goes': [
    { inject: routerAdvertises({ options: sourceLink(ROUTER.mac) }) },
    { inject: routerAdvertises({ router: OTHER, options: sourceLink(OTHER.mac) }) },
    { inject: routerAdvertises({ lifetime: 0 }) },
    { inject: fromAfar() },
    { expect: toAfar(OTHER.mac), within: 1 },
  ],
  'a neighbor that advertises without the router flag is no router any more': withRouter(
    {
      inject: peerAdvertises({
        target: ROUTER.local,
        link: ROUTER.mac,
        source: ROUTER.local,
        from: ROUTER.mac,
        destination: HOST.local,
        flags: 0x60,
      }),
    },
    { inject: fromAfar() },
    { forbid: { icmpv6: [129] }, for: 4 },
  ),
  ...Object.fromEntries(
    Object.entries({
      'hop limit 254': { hopLimit: 254 },
      'a wrong checksum': { wrong: true },
      'code 1': { code: 1 },
      'a global source': { router: { local: '2001:db8::1', mac: ROUTER.mac } },
      'an option of length 0': { options: [1, 0, 0, 0, 0, 0, 0, 0] },
      'ten octets': { cut: 10 },
      'a group as its destination that is not that of all nodes': { destination: 'ff02::1:ff33:4456' },
    }).map(([what, change]) => [
      `drops an advertisement of a router with ${what}`,
      [
        { inject: routerAdvertises({ options: sourceLink(ROUTER.mac), ...change }) },
        { inject: fromAfar() },
        { forbid: { icmpv6: [129] }, for: 4 },
      ],
    ]),
  ),
  'the hop limit of an advertisement is used': [
    { inject: routerAdvertises({ hops: 77, options: sourceLink(ROUTER.mac) }) },
    { inject: fromAfar() },
    { expect: echoReply({ by: HOST.global, at: FAR, via: ROUTER.mac, hopLimit: 77 }), within: 1 },
  ],
  'a hop limit of 0 says nothing': [
    { inject: routerAdvertises({ hops: 77, options: sourceLink(ROUTER.mac) }) },
    { inject: routerAdvertises({ hops: 0, options: sourceLink(ROUTER.mac) }) },
    { inject: fromAfar() },
    { expect: echoReply({ by: HOST.global, at: FAR, via: ROUTER.mac, hopLimit: 77 }), within: 1 },
  ],
  'the retransmission timer of an advertisement is used': [
    { inject: routerAdvertises({ retrans: 5000 }) },
    { call: 'ping', to: 'fe80::57', bytes: 2 },
    { expect: hostSolicits('fe80::57'), within: 0 },
    { forbid: { icmpv6: [SOLICITATION] }, for: 4.8 },
    { expect: hostSolicits('fe80::57'), within: 0.4 },
  ],
  'the reachable time of an advertisement is used': [
    { inject: routerAdvertises({ reachable: 10_000 }) },
    { inject: echoRequest() },
    { expect: hostSolicits(PEER.local), within: 1 },
    { inject: peerAdvertises() },
    { expect: echoReply(), within: 1 },
    { wait: 11 },
    { flush: true },
    { inject: echoRequest({ sequence: 2 }) },
    { expect: hostSolicits(PEER.local, { to: PEER.mac }), within: 6 },
  ],
  'an MTU beyond the link is ignored': [
    { inject: routerAdvertises({ options: [...sourceLink(ROUTER.mac), ...mtuOption(9000)] }) },
    { inject: fromAfar() },
    { expect: toAfar(), within: 1 },
  ],
};

export const autoconfiguration = {
  'makes an address of an advertised prefix, and looks for it first': [
    offers(...newPrefix({ valid: 2_592_000, preferred: 604_800 })),
    { expect: hostSolicits(autonomous, { source: UNSPECIFIED }), within: 2 },
    { wait: 5 },
    ...has(autonomous),
  ],
  ...Object.fromEntries(
    Object.entries({
      'without the autonomous flag': newPrefix({ flags: 0x80 }),
      'that is link-local': prefix({ prefix: 'fe80::' }),
      'preferred for longer than it is valid': newPrefix({ valid: 100, preferred: 200 }),
      'valid for no time': newPrefix({ valid: 0, preferred: 0 }),
      'of 80 bits': newPrefix({ length: 80 }),
    }).map(([what, option]) => [
      `makes no address of a prefix ${what}`,
      [offers(...option), { wait: 6 }, ...hasNot(autonomous)],
    ]),
  ),
  'the address goes when its prefix is over': [
    offers(...newPrefix({ valid: 30, preferred: 20 })),
    { wait: 10 },
    ...has(autonomous),
    { wait: 25 },
    ...hasNot(autonomous),
  ],
  'a later advertisement keeps it alive': [
    offers(...newPrefix({ valid: 30, preferred: 20 })),
    { wait: 20 },
    offers(...newPrefix({ valid: 60, preferred: 20 })),
    { wait: 30 },
    ...has(autonomous),
  ],
  'a short lifetime does not end a long one within two hours': [
    offers(...newPrefix({ valid: 10_000, preferred: 5000 })),
    { wait: 10 },
    offers(...newPrefix({ valid: 30, preferred: 30 })),
    { wait: 60 },
    ...has(autonomous),
    { wait: 7000 },
    ...has(autonomous),
    { wait: 300 },
    ...hasNot(autonomous),
  ],
  'a short remainder is not made shorter': [
    offers(...newPrefix({ valid: 1000, preferred: 500 })),
    { wait: 10 },
    offers(...newPrefix({ valid: 30, preferred: 30 })),
    { wait: 60 },
    ...has(autonomous),
  ],
  'two prefixes, two addresses': [
    offers(...newPrefix({}), ...prefix({ prefix: '2001:db8:8::' })),
    { wait: 6 },
    ...has(autonomous),
    ...has('2001:db8:8::211:22ff:fe33:4456'),
  ],
  'the router that advertises is known by its option': [
    offers(...newPrefix({}), ...sourceLink(ROUTER.mac)),
    { wait: 6 },
    { flush: true },
    { inject: fromAfar() },
    { expect: toAfar(), within: 1 },
  ],
};
