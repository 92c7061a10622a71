/**
 * Situations in which a host depends on its routers and on what it was told of the link: which address asks, when a router is
 * no router any more, what makes an advertisement or a redirect invalid or merely strange, which lifetimes count.
 */
import {
  advertises,
  echoReply,
  echoRequest,
  FAR,
  HOST,
  hostSolicits,
  OTHER,
  PEER,
  peerAdvertises,
  prefix,
  ROUTER,
  routerAdvertises,
  SOLICITATION,
  solicits,
} from './actors.mjs';
import { frame, icmpv6, long, mtuOption, sourceLink, word } from './frames.mjs';

const data = (count) => Array.from({ length: count }, (_, i) => i & 255);
const advertised = (change = {}) => ({ inject: routerAdvertises({ options: sourceLink(ROUTER.mac), ...change }) });
const fromAfar = (sequence = 1, via = ROUTER) => ({
  inject: echoRequest({ source: FAR, destination: HOST.global, from: via.mac, sequence }),
});
const toAfar = (sequence = 1, via = ROUTER.mac) => ({
  expect: echoReply({ by: HOST.global, at: FAR, via, sequence }),
  within: 0.2,
});
const noAnswer = (seconds = 3) => ({ forbid: { icmpv6: [129] }, for: seconds });
const routerAnswers = (flags, link = ROUTER.mac) => ({
  inject: peerAdvertises({
    target: ROUTER.local,
    source: ROUTER.local,
    from: ROUTER.mac,
    destination: HOST.global,
    flags,
    link,
  }),
});

/** RFC 4861 7.2.2: whoever asks does so from the address that the packet comes from that made it ask. */
function askers() {
  const peers = { 'link-local': PEER.local, global: PEER.global };
  const own = { 'link-local': HOST.local, global: HOST.global };
  return Object.entries(peers).flatMap(([theirs, peer]) =>
    Object.entries(own).map(([ours, host]) => {
      const asks = (sequence) => ({ inject: echoRequest({ source: peer, destination: host, sequence }) });
      const answered = (sequence) => ({ expect: echoReply({ by: host, at: peer, sequence }), within: 0.2 });
      const probe = hostSolicits(peer, { to: PEER.mac, source: host });
      return [
        `a ${theirs} neighbor of the ${ours} address is looked for, and probed, from that address`,
        [
          asks(1),
          { expect: hostSolicits(peer, { source: host }), within: 0.2 },
          { inject: peerAdvertises({ target: peer, source: peer, destination: host }) },
          answered(1),
          { wait: 32 },
          { flush: true },
          asks(2),
          answered(2),
          { expect: probe, within: 6 },
          { expect: probe, within: 1.2 },
          { expect: probe, within: 1.2 },
          { flush: true },
          { forbid: { icmpv6: [SOLICITATION] }, for: 2 },
          asks(3),
          { expect: hostSolicits(peer, { source: host }), within: 0.2 },
        ],
      ];
    }),
  );
}

const ROUTER_PROBE = hostSolicits(ROUTER.local, { to: ROUTER.mac, source: HOST.global });

/** RFC 4861 7.2.5: a router that says that it is none leaves the list of default routers. */
function routersNoMore() {
  return [0x00, 0x20, 0x40, 0x60].flatMap((flags) =>
    [
      ['the same address', ROUTER.mac],
      ['another address', '00:11:22:33:44:99'],
      ['no address', null],
    ].map(([said, link]) => {
      const ignored = said === 'another address' && (flags & 0x20) === 0;
      return [
        `a router's advertisement as a host, flags 0x${flags.toString(16)}, with ${said}`,
        [
          advertised(),
          { inject: routerAdvertises({ router: OTHER, options: sourceLink(OTHER.mac) }) },
          fromAfar(1),
          toAfar(1),
          routerAnswers(flags, link),
          { flush: true },
          fromAfar(2),
          toAfar(2, ignored ? ROUTER.mac : OTHER.mac),
        ],
      ];
    }),
  );
}

export const hosts = Object.fromEntries([
  ...askers(),
  [
    'a router is probed from the address whose packets go over it',
    [advertised(), fromAfar(), toAfar(), { expect: ROUTER_PROBE, within: 6 }],
  ],
  [
    'a router that does not answer gives way to the other one, which is known',
    [
      advertised(),
      { inject: routerAdvertises({ router: OTHER, options: sourceLink(OTHER.mac) }) },
      fromAfar(1),
      toAfar(1),
      { expect: ROUTER_PROBE, within: 6 },
      fromAfar(2),
      toAfar(2),
      { expect: ROUTER_PROBE, within: 1.2 },
      { expect: ROUTER_PROBE, within: 1.2 },
      { wait: 1.5 },
      { flush: true },
      fromAfar(3),
      toAfar(3, OTHER.mac),
    ],
  ],
  [
    'a router that does not answer gives way to the other one, which has to be looked for',
    [
      advertised(),
      { inject: routerAdvertises({ router: OTHER }) },
      fromAfar(1),
      toAfar(1),
      { wait: 10 },
      { flush: true },
      fromAfar(3),
      { expect: hostSolicits(OTHER.local, { source: HOST.global }), within: 0.2 },
    ],
  ],
  [
    'the only router, when it does not answer, is looked for again',
    [
      advertised(),
      fromAfar(1),
      toAfar(1),
      { wait: 10 },
      { flush: true },
      fromAfar(2),
      { expect: hostSolicits(ROUTER.local, { source: HOST.global }), within: 0.2 },
      routerAnswers(0xe0),
      toAfar(2),
    ],
  ],
  [
    'of two routers that are not known each is asked in turn',
    [
      { inject: routerAdvertises() },
      { inject: routerAdvertises({ router: OTHER }) },
      fromAfar(1),
      { expect: hostSolicits(ROUTER.local, { source: HOST.global }), within: 0.2 },
      { wait: 4 },
      { flush: true },
      fromAfar(2),
      { expect: hostSolicits(OTHER.local, { source: HOST.global }), within: 0.2 },
    ],
  ],
  ...routersNoMore(),
  [
    'a router that answers as a host while it is looked for is none',
    [
      { inject: echoRequest({ source: ROUTER.local, from: ROUTER.mac }) },
      { expect: hostSolicits(ROUTER.local), within: 0.2 },
      { inject: routerAdvertises() },
      routerAnswers(0x60),
      { wait: 0.1 },
      { flush: true },
      fromAfar(2),
      noAnswer(),
    ],
  ],
  [
    'the lifetime of a router begins anew with each advertisement',
    [
      advertised({ lifetime: 30 }),
      { wait: 20 },
      advertised({ lifetime: 30 }),
      { wait: 20 },
      { flush: true },
      fromAfar(),
      toAfar(),
      { wait: 15 },
      { flush: true },
      fromAfar(2),
      noAnswer(),
    ],
  ],
  [
    'the lifetime of a router can be made shorter',
    [advertised({ lifetime: 600 }), advertised({ lifetime: 5 }), { wait: 7 }, { flush: true }, fromAfar(2), noAnswer()],
  ],
  [
    'a router advertises without end: 65535 seconds are some',
    [advertised({ lifetime: 65_535 }), { wait: 60_000 }, { flush: true }, fromAfar(), toAfar()],
  ],
  ['an advertisement to the host alone is taken', [advertised({ destination: HOST.local }), fromAfar(), toAfar()]],
  [
    'reserved bits and unknown options of an advertisement say nothing',
    [advertised({ flags: 0x27, options: [...sourceLink(ROUTER.mac), 99, 1, 1, 2, 3, 4, 5, 6] }), fromAfar(), toAfar()],
  ],
  ['the managed and other flags change nothing on the link', [advertised({ flags: 0xc0 }), fromAfar(), toAfar()]],
  [
    'an advertisement with the MTU of the link makes the host cut its packets',
    [
      advertised({ options: [...sourceLink(ROUTER.mac), ...mtuOption(1280)] }),
      { inject: solicits() },
      { expect: advertises(), within: 1 },
      { inject: echoRequest({ bytes: 1452 }) },
      { expect: cut({ bytes: 1452, mtu: 1280 })[0], within: 0.2 },
      { expect: cut({ bytes: 1452, mtu: 1280 })[1], within: 0.2 },
    ],
  ],
  [
    'an advertisement with an MTU below 1280 changes nothing',
    [
      advertised({ options: [...sourceLink(ROUTER.mac), ...mtuOption(1279)] }),
      { inject: solicits() },
      { expect: advertises(), within: 1 },
      { inject: echoRequest({ bytes: 1452 }) },
      { expect: echoReply({ bytes: 1452 }), within: 0.2 },
    ],
  ],
  [
    'a prefix on the link: its addresses are neighbors',
    [
      advertised({ options: [...sourceLink(ROUTER.mac), ...prefix({ prefix: '2001:db8:1::', flags: 0x80 })] }),
      fromAfar(),
      { expect: hostSolicits(FAR, { source: HOST.global }), within: 0.2 },
    ],
  ],
  [
    'a prefix without the flag is not on the link',
    [
      advertised({ options: [...sourceLink(ROUTER.mac), ...prefix({ prefix: '2001:db8:1::', flags: 0 })] }),
      fromAfar(),
      toAfar(),
    ],
  ],
  [
    'a prefix on the link stays there when it is advertised without the flag',
    [
      advertised({ options: [...sourceLink(ROUTER.mac), ...prefix({ prefix: '2001:db8:1::', flags: 0x80 })] }),
      advertised({ options: [...sourceLink(ROUTER.mac), ...prefix({ prefix: '2001:db8:1::', flags: 0 })] }),
      fromAfar(),
      { expect: hostSolicits(FAR, { source: HOST.global }), within: 0.2 },
    ],
  ],
  [
    'a prefix is on the link for its valid lifetime',
    [
      advertised({
        options: [
          ...sourceLink(ROUTER.mac),
          ...prefix({ prefix: '2001:db8:1::', flags: 0x80, valid: 10, preferred: 10 }),
        ],
      }),
      { wait: 8 },
      fromAfar(),
      { expect: hostSolicits(FAR, { source: HOST.global }), within: 0.2 },
      { wait: 4 },
      { flush: true },
      fromAfar(2),
      toAfar(2),
    ],
  ],
  [
    'a prefix with lifetime 0 is no longer on the link',
    [
      advertised({ options: [...sourceLink(ROUTER.mac), ...prefix({ prefix: '2001:db8:1::', flags: 0x80 })] }),
      advertised({
        options: [
          ...sourceLink(ROUTER.mac),
          ...prefix({ prefix: '2001:db8:1::', flags: 0x80, valid: 0, preferred: 0 }),
        ],
      }),
      fromAfar(),
      toAfar(),
    ],
  ],
  [
    'a neighbor that is looked for keeps four packets, and loses the oldest',
    [
      ...[1, 2, 3, 4, 5].map((sequence) => ({ inject: echoRequest({ sequence }) })),
      { expect: hostSolicits(PEER.local), within: 0.2 },
      { inject: peerAdvertises() },
      ...[2, 3, 4, 5].map((sequence) => ({ expect: echoReply({ sequence }), within: 0.2 })),
    ],
  ],
  [
    'packets for two neighbors wait apart',
    [
      { inject: echoRequest({ sequence: 1 }) },
      { inject: echoRequest({ sequence: 2, source: OTHER.local, from: OTHER.mac }) },
      { expect: hostSolicits(PEER.local), within: 0.2 },
      { expect: hostSolicits(OTHER.local), within: 0.2 },
      { inject: peerAdvertises({ target: OTHER.local, source: OTHER.local, from: OTHER.mac, link: OTHER.mac }) },
      { expect: echoReply({ sequence: 2, at: OTHER.local, to: OTHER }), within: 0.2 },
      { forbid: { icmpv6: [129] }, for: 0.2 },
      { inject: peerAdvertises() },
      { expect: echoReply({ sequence: 1 }), within: 0.2 },
    ],
  ],
]);

/** The fragments of the host's reply to an echo request. */
function cut({ bytes, mtu, by = HOST.local, at = PEER.local, to = PEER.mac, identification = 1 }) {
  const whole = icmpv6({ source: by, destination: at, type: 129, body: [0, 1, 0, 1, ...data(bytes)] });
  const size = (mtu - 48) & ~7;
  const parts = [];
  for (let offset = 0; offset < whole.length; offset += size) {
    const more = offset + size < whole.length;
    parts.push(
      frame({
        from: HOST.mac,
        to,
        source: by,
        destination: at,
        next: 58,
        message: whole.slice(offset, offset + size),
        headers: [{ type: 44, bytes: [0, 0, ...word(offset | (more ? 1 : 0)), ...long(identification)] }],
      }),
    );
  }
  return parts;
}

export { cut };
