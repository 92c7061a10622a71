/** Redirects that are strange or come at a strange time (RFC 4861 8), rivals for an address, and lifetimes (RFC 4862 5.4, 5.5.3). */
import {
  ADVERTISEMENT,
  ALL_NODES,
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
  REDIRECT,
  ROUTER,
  routerAdvertises,
  SOLICITATION,
  solicits,
  UNSPECIFIED,
} from './actors.mjs';
import { address, long, solicitedNode, sourceLink, targetLink } from './frames.mjs';

const _KNOWN = [{ inject: solicits() }, { wait: 0.1 }, { flush: true }];
const AFAR = [
  { inject: routerAdvertises({ options: sourceLink(ROUTER.mac) }) },
  { wait: 1 },
  { flush: true },
  { inject: echoRequest({ source: FAR, destination: HOST.global, from: ROUTER.mac }) },
  { expect: echoReply({ by: HOST.global, at: FAR, via: ROUTER.mac }), within: 1 },
];
const redirect = ({
  target = OTHER.local,
  destined = FAR,
  options = targetLink(OTHER.mac),
  reserved = 0,
  ...change
} = {}) =>
  message({
    type: REDIRECT,
    body: [...long(reserved), ...address(target), ...address(destined), ...options],
    source: ROUTER.local,
    from: ROUTER.mac,
    destination: HOST.global,
    ...change,
  });
const asks = (sequence = 2, source = FAR) => ({
  inject: echoRequest({ source, destination: HOST.global, from: ROUTER.mac, sequence }),
});
const answered = (via, sequence = 2, at = FAR) => ({
  expect: echoReply({ by: HOST.global, at, via, sequence }),
  within: 0.2,
});
/** The redirected header option: the beginning of the packet that was redirected (RFC 4861 4.6.3). */
const redirected = (
  packet = Buffer.from(echoReply({ by: HOST.global, at: FAR, via: ROUTER.mac }), 'hex').subarray(14),
) => [4, 1 + packet.length / 8, 0, 0, 0, 0, 0, 0, ...packet];
const FARTHER = '2001:db8:2::9';

export const moreRedirects = {
  ...Object.fromEntries(
    Object.entries({
      'reserved bits': { reserved: 0xffffffff },
      'an unknown option': { options: [...targetLink(OTHER.mac), 99, 1, 0, 0, 0, 0, 0, 0] },
      'the redirected header': { options: [...targetLink(OTHER.mac), ...redirected()] },
      'the redirected header first': { options: [...redirected(), ...targetLink(OTHER.mac)] },
      'a redirected header about somebody else': {
        options: [
          ...targetLink(OTHER.mac),
          ...redirected([0x60, 0, 0, 0, 0, 0, 59, 64, ...address(PEER.local), ...address(OTHER.local)]),
        ],
      },
      'a source link-layer address': { options: [...sourceLink(ROUTER.mac), ...targetLink(OTHER.mac)] },
      'a link-local destination of its own': { destination: HOST.local },
    }).map(([what, change]) => [
      `a redirect with ${what} is followed`,
      [...AFAR, { inject: redirect(change) }, asks(), answered(OTHER.mac)],
    ]),
  ),
  ...Object.fromEntries(
    Object.entries({
      'from a global address': { source: '2001:db8::1' },
      'whose destination is a group': { destined: 'ff1e::9' },
      'whose target is a group': { target: 'ff02::9' },
      'whose target is nobody': { target: '::' },
      'with an option that is cut off': { options: [2, 2, 0, 0, 0, 0, 0, 0] },
      'from a host that is no router': { source: PEER.local, from: PEER.mac },
    }).map(([what, change]) => [
      `a redirect ${what} is ignored`,
      [...AFAR, { inject: redirect(change) }, asks(), answered(ROUTER.mac)],
    ]),
  ),
  'a redirect changes the way to its destination only': [
    ...AFAR,
    { inject: redirect() },
    asks(2, FARTHER),
    answered(ROUTER.mac, 2, FARTHER),
    asks(3),
    answered(OTHER.mac, 3),
  ],
  'a redirect about a destination that was never used is followed': [
    { inject: routerAdvertises({ options: sourceLink(ROUTER.mac) }) },
    { inject: redirect() },
    asks(),
    answered(OTHER.mac),
  ],
  'a second redirect, by the router of the first, is followed': [
    ...AFAR,
    { inject: redirect() },
    asks(2),
    answered(OTHER.mac, 2),
    {
      inject: redirect({
        source: OTHER.local,
        from: OTHER.mac,
        target: 'fe80::3',
        options: targetLink('00:11:22:33:44:03'),
      }),
    },
    asks(3),
    answered('00:11:22:33:44:03', 3),
  ],
  'after a redirect the first router has nothing to say about that destination': [
    ...AFAR,
    { inject: redirect() },
    { inject: redirect({ target: 'fe80::3', options: targetLink('00:11:22:33:44:03') }) },
    asks(3),
    answered(OTHER.mac, 3),
  ],
  'a redirect to the destination, without its address: it is looked for': [
    ...AFAR,
    { inject: redirect({ target: FAR, options: [] }) },
    asks(),
    { expect: hostSolicits(FAR, { source: HOST.global }), within: 0.2 },
    { inject: peerAdvertises({ target: FAR, source: FAR, destination: HOST.global }) },
    answered(PEER.mac),
  ],
  'when the better router is gone the first one is used again': [
    ...AFAR,
    { inject: redirect() },
    asks(),
    answered(OTHER.mac),
    { wait: 10 },
    { inject: routerAdvertises({ options: sourceLink(ROUTER.mac) }) },
    { flush: true },
    asks(3),
    answered(ROUTER.mac, 3),
  ],
  'a better router that says it is none is left again': [
    ...AFAR,
    { inject: redirect() },
    asks(),
    answered(OTHER.mac),
    {
      inject: peerAdvertises({
        target: OTHER.local,
        source: OTHER.local,
        from: OTHER.mac,
        link: OTHER.mac,
        destination: HOST.global,
        flags: 0x60,
      }),
    },
    { flush: true },
    asks(3),
    answered(ROUTER.mac, 3),
  ],
};

const SLAAC = '2001:db8:7::211:22ff:fe33:4456';
const newPrefix = (change = {}) => prefix({ prefix: '2001:db8:7::', ...change });
const offers = (...options) => ({ inject: routerAdvertises({ options }) });
const probe = (target) => hostSolicits(target, { source: UNSPECIFIED });
const fresh = (steps) => ({ fresh: true, addresses: [`${HOST.local}/64`], dad: true, steps });
const asksAs = (target, change = {}) =>
  message({
    type: SOLICITATION,
    body: [0, 0, 0, 0, ...address(target)],
    source: UNSPECIFIED,
    destination: solicitedNode(target),
    ...change,
  });
const claims = (target, change = {}) =>
  message({
    type: ADVERTISEMENT,
    body: [0x20, 0, 0, 0, ...address(target), ...targetLink(PEER.mac)],
    source: target,
    destination: ALL_NODES,
    ...change,
  });
const uses = (target) => [{ flush: true }, { inject: solicits(target) }, { expect: advertises(target), within: 0.2 }];
const usesNot = (target) => [
  { flush: true },
  { inject: solicits(target) },
  { forbid: { icmpv6: [ADVERTISEMENT] }, for: 1 },
];

/** What others may say while the host looks whether an address is free, and whether that takes it away (RFC 4862 5.4.3, 5.4.4). */
function rivals(target) {
  const flags = (value) => [value, 0, 0, 0, ...address(target), ...targetLink(PEER.mac)];
  return [
    ['a solicitation from nobody', asksAs(target), true],
    [
      'a solicitation from nobody with reserved bits',
      asksAs(target, { body: [...long(-1), ...address(target)] }),
      true,
    ],
    ['a solicitation from nobody to the address itself', asksAs(target, { destination: target }), false],
    ['a solicitation from nobody to all nodes', asksAs(target, { destination: ALL_NODES }), false],
    [
      'a solicitation from nobody with a link-layer address',
      asksAs(target, { body: [0, 0, 0, 0, ...address(target), ...sourceLink(PEER.mac)] }),
      false,
    ],
    ['a solicitation of 20 octets', asksAs(target, { body: [0, 0, 0, 0, ...address(target).slice(0, 12)] }), false],
    [
      'a solicitation with an option of length 0',
      asksAs(target, { body: [0, 0, 0, 0, ...address(target), 14, 0, 0, 0, 0, 0, 0, 0] }),
      false,
    ],
    ['a solicitation for a group', asksAs(target, { body: [0, 0, 0, 0, ...solicitedNode(target)] }), false],
    ['an advertisement to all nodes', claims(target), true],
    ['an advertisement to the address itself', claims(target, { destination: target }), true],
    ['an advertisement without its link-layer address', claims(target, { body: flags(0x20).slice(0, 20) }), true],
    ['an advertisement without flags', claims(target, { body: flags(0) }), true],
    ['an advertisement of a router', claims(target, { body: flags(0xa0) }), true],
    ['a solicited advertisement to all nodes', claims(target, { body: flags(0x60) }), false],
    ['an advertisement of 20 octets', claims(target, { body: flags(0x20).slice(0, 16) }), false],
    ['an advertisement about a group', claims(target, { body: [0x20, 0, 0, 0, ...solicitedNode(target)] }), false],
  ];
}

export const moreDuplicates = Object.fromEntries([
  ...rivals(HOST.local).map(([what, rival, lost]) => [
    `its own address, and ${what}`,
    fresh([
      { expect: probe(HOST.local), within: 2 },
      { inject: rival },
      { wait: 6 },
      ...(lost ? usesNot : uses)(HOST.local),
    ]),
  ]),
  ...rivals(SLAAC).map(([what, rival, lost]) => [
    `an advertised address, and ${what}`,
    {
      dad: true,
      steps: [
        offers(...newPrefix()),
        { expect: probe(SLAAC), within: 2 },
        { inject: rival },
        { wait: 6 },
        ...(lost ? usesNot : uses)(SLAAC),
        ...uses(HOST.local),
      ],
    },
  ]),
  ...[
    ['a solicitation from nobody', asksAs(SLAAC)],
    ['an advertisement', claims(SLAAC)],
  ].map(([what, rival]) => [
    `an advertised address that is used at once, and given up for ${what}`,
    [offers(...newPrefix()), ...uses(SLAAC), { expect: probe(SLAAC), within: 2 }, { inject: rival }, ...usesNot(SLAAC)],
  ]),
  [
    'an advertised address is looked for three times, a second apart, and used a second later',
    {
      dad: true,
      steps: [
        offers(...newPrefix()),
        { expect: probe(SLAAC), within: 2 },
        { expect: probe(SLAAC), within: 1.1 },
        { expect: probe(SLAAC), within: 1.1 },
        { inject: solicits(SLAAC) },
        { forbid: { icmpv6: [ADVERTISEMENT] }, for: 0.8 },
        { wait: 0.3 },
        { forbid: { icmpv6: [SOLICITATION] }, for: 2 },
        ...uses(SLAAC),
      ],
    },
  ],
]);

const lifetimes = (valid, preferred) => offers(...newPrefix({ valid, preferred }));
const TWO_HOURS = 7200;

export const moreAutoconfiguration = {
  'a lifetime without end': [lifetimes(0xffffffff, 0xffffffff), { wait: 1_000_000 }, ...uses(SLAAC)],
  'a lifetime longer than what is left is taken': [
    lifetimes(60, 60),
    { wait: 10 },
    lifetimes(120, 120),
    { wait: 100 },
    ...uses(SLAAC),
    { wait: 30 },
    ...usesNot(SLAAC),
  ],
  'a lifetime of more than two hours is taken, though it is shorter': [
    lifetimes(20_000, 20_000),
    { wait: 10 },
    lifetimes(TWO_HOURS + 100, 100),
    { wait: TWO_HOURS + 50 },
    ...uses(SLAAC),
    { wait: 60 },
    ...usesNot(SLAAC),
  ],
  'a lifetime of two hours is too short for a longer one: two hours are left': [
    lifetimes(20_000, 20_000),
    { wait: 10 },
    lifetimes(TWO_HOURS, 100),
    { wait: TWO_HOURS - 10 },
    ...uses(SLAAC),
    { wait: 60 },
    ...usesNot(SLAAC),
  ],
  'a lifetime of 0 leaves two hours': [
    lifetimes(20_000, 20_000),
    { wait: 10 },
    lifetimes(0, 0),
    { wait: TWO_HOURS - 10 },
    ...uses(SLAAC),
    { wait: 60 },
    ...usesNot(SLAAC),
  ],
  'a deprecated address still answers': [lifetimes(100, 10), { wait: 20 }, ...uses(SLAAC)],
  'a prefix of 63 bits makes no address': [offers(...newPrefix({ length: 63 })), { wait: 6 }, ...usesNot(SLAAC)],
  'a prefix of 65 bits makes no address': [offers(...newPrefix({ length: 65 })), { wait: 6 }, ...usesNot(SLAAC)],
  'a prefix of 255 bits is no prefix': [offers(...newPrefix({ length: 255 })), { wait: 6 }, ...usesNot(SLAAC)],
  'a prefix with bits behind its length makes an address of those within': [
    offers(...prefix({ prefix: '2001:db8:7::1234' })),
    { wait: 6 },
    ...uses(SLAAC),
  ],
  'the reserved bits of a prefix say nothing': [offers(...newPrefix({ flags: 0xdf })), { wait: 6 }, ...uses(SLAAC)],
  'a router that is none for packets still advertises prefixes': [
    { inject: routerAdvertises({ lifetime: 0, options: newPrefix() }) },
    { wait: 6 },
    ...uses(SLAAC),
  ],
  'a prefix option of the wrong length is passed over': [
    offers(3, 3, ...newPrefix().slice(2, 24)),
    { wait: 6 },
    ...usesNot(SLAAC),
  ],
};
