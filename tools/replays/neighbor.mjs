/** Address resolution and reachability (RFC 4861 7). */
import {
  ADVERTISEMENT,
  advertises,
  echoReply,
  echoRequest,
  HOST,
  hostSolicits,
  message,
  OTHER,
  PEER,
  peerAdvertises,
  SOLICITATION,
  solicits,
  UNSPECIFIED,
} from './actors.mjs';
import { address, solicitedNode, sourceLink } from './frames.mjs';

const body = (target, ...options) => [0, 0, 0, 0, ...address(target), ...options];

/** The peer is known, and just found reachable: it was solicited, and answered. */
const REACHABLE = [
  { inject: echoRequest() },
  { expect: hostSolicits(PEER.local), within: 1 },
  { inject: peerAdvertises() },
  { expect: echoReply(), within: 1 },
  { flush: true },
];

/** Known by its own solicitation, and not confirmed. */
const STALE = [{ inject: solicits() }, { expect: advertises(), within: 1 }, { flush: true }];

/** Section 7.1.1: what makes a solicitation invalid. */
const INVALID_SOLICITATIONS = {
  'hop limit 254': { hopLimit: 254 },
  'a wrong checksum': { wrong: true },
  'code 1': { code: 1 },
  'a message of 20 octets': { body: body(HOST.local).slice(0, 16) },
  'a multicast target': { body: body('ff02::1:ff33:4456', ...sourceLink(PEER.mac)) },
  'an option of length 0': { body: body(HOST.local, 1, 0, 0, 0, 0, 0, 0, 0) },
  'an option that is cut off': { body: body(HOST.local, 1, 2, 0, 0, 0, 0, 0, 0) },
  'an unspecified source and a link-layer address': { source: UNSPECIFIED },
  'an unspecified source to a host': { source: UNSPECIFIED, destination: HOST.local, body: body(HOST.local) },
  'another target': { body: body('fe80::99', ...sourceLink(PEER.mac)) },
};

/** Section 7.1.2. */
const INVALID_ADVERTISEMENTS = {
  'hop limit 64': { hopLimit: 64 },
  'a wrong checksum': { wrong: true },
  'code 1': { code: 1 },
  'a message of 20 octets': { body: [0x60, 0, 0, 0, ...address(PEER.local)].slice(0, 16) },
  'a multicast target': { target: 'ff02::1:ff33:4457' },
  'an option of length 0': { body: [0x60, 0, 0, 0, ...address(PEER.local), 2, 0, 0, 0, 0, 0, 0, 0] },
  'the solicited flag, to a group': { destination: 'ff02::1' },
};

const ASK = 'fe80::57';

export const neighbor = {
  'answers a solicitation sent to its group': [{ inject: solicits() }, { expect: advertises(), within: 1 }],
  'answers a solicitation sent to itself': [
    { inject: solicits(HOST.local, { destination: HOST.local }) },
    { expect: advertises(), within: 1 },
  ],
  'answers for its global address': [{ inject: solicits(HOST.global) }, { expect: advertises(HOST.global), within: 1 }],
  'answers one who has no address yet to everybody, unsolicited': [
    { inject: solicits(HOST.local, { source: UNSPECIFIED, body: body(HOST.local) }) },
    {
      expect: advertises(HOST.local, {
        destination: 'ff02::1',
        to: undefined,
        body: [0x20, 0, 0, 0, ...address(HOST.local), 2, 1, 0, 0x11, 0x22, 0x33, 0x44, 0x56],
      }),
      within: 1,
    },
  ],
  'ignores options that it does not know in a solicitation': [
    { inject: solicits(HOST.local, { body: body(HOST.local, ...sourceLink(PEER.mac), 200, 1, 1, 2, 3, 4, 5, 6) }) },
    { expect: advertises(), within: 1 },
  ],
  'ignores the reserved field of a solicitation': [
    {
      inject: solicits(HOST.local, { body: [0xff, 0xff, 0xff, 0xff, ...address(HOST.local), ...sourceLink(PEER.mac)] }),
    },
    { expect: advertises(), within: 1 },
  ],
  ...Object.fromEntries(
    Object.entries(INVALID_SOLICITATIONS).map(([what, change]) => [
      `drops a solicitation with ${what}`,
      [{ inject: solicits(HOST.local, change) }, { forbid: { icmpv6: [ADVERTISEMENT] }, for: 3 }],
    ]),
  ),
  'asks three times, a second apart, and gives up': [
    { call: 'ping', to: ASK, bytes: 2, fill: '12' },
    { expect: hostSolicits(ASK), within: 0 },
    { wait: 0.9 },
    { forbid: { icmpv6: [SOLICITATION] }, for: 0 },
    { expect: hostSolicits(ASK), within: 0.2 },
    { expect: hostSolicits(ASK), within: 1.1 },
    { forbid: { icmpv6: [SOLICITATION, 128] }, for: 5 },
  ],
  'takes the address of an answer and sends what waited': [...REACHABLE],
  'solicits from the address that the waiting packet has': [
    { inject: echoRequest({ source: PEER.global, destination: HOST.global }) },
    { expect: hostSolicits(PEER.global, { source: HOST.global }), within: 1 },
    { inject: peerAdvertises({ target: PEER.global, source: PEER.global, destination: HOST.global }) },
    { expect: echoReply({ by: HOST.global, at: PEER.global }), within: 1 },
  ],
  ...Object.fromEntries(
    Object.entries(INVALID_ADVERTISEMENTS).map(([what, change]) => [
      `drops an advertisement with ${what}`,
      [
        { inject: echoRequest() },
        { expect: hostSolicits(PEER.local), within: 1 },
        { inject: peerAdvertises(change) },
        { forbid: { icmpv6: [129] }, for: 0.5 },
        { inject: peerAdvertises() },
        { expect: echoReply(), within: 1 },
      ],
    ]),
  ),
  'an answer without an address does not end the wait': [
    { inject: echoRequest() },
    { expect: hostSolicits(PEER.local), within: 1 },
    { inject: peerAdvertises({ link: null }) },
    { forbid: { icmpv6: [129] }, for: 0.5 },
  ],
  'an advertisement that nobody asked for makes no entry': [
    { inject: peerAdvertises({ flags: 0x20 }) },
    { inject: echoRequest() },
    { expect: hostSolicits(PEER.local), within: 1 },
  ],
  'an unsolicited answer ends the wait and is probed later': [
    { inject: echoRequest() },
    { expect: hostSolicits(PEER.local), within: 1 },
    { inject: peerAdvertises({ flags: 0x20 }) },
    { expect: echoReply(), within: 1 },
    { expect: hostSolicits(PEER.local, { to: PEER.mac }), within: 6 },
  ],
  'a stale neighbor is used at once, and probed five seconds later': [
    ...STALE,
    { inject: echoRequest() },
    { expect: echoReply(), within: 0.1 },
    { forbid: { icmpv6: [SOLICITATION] }, for: 4.8 },
    { expect: hostSolicits(PEER.local, { to: PEER.mac }), within: 0.5 },
  ],
  'three probes without an answer, and the neighbor is looked for again': [
    ...STALE,
    { inject: echoRequest() },
    { expect: echoReply(), within: 0.1 },
    { expect: hostSolicits(PEER.local, { to: PEER.mac }), within: 5.2 },
    { expect: hostSolicits(PEER.local, { to: PEER.mac }), within: 1.1 },
    { expect: hostSolicits(PEER.local, { to: PEER.mac }), within: 1.1 },
    { wait: 2 },
    { flush: true },
    { inject: echoRequest({ sequence: 2 }) },
    { expect: hostSolicits(PEER.local), within: 1 },
  ],
  'an answer to a probe makes the neighbor reachable': [
    ...STALE,
    { inject: echoRequest() },
    { expect: hostSolicits(PEER.local, { to: PEER.mac }), within: 6 },
    { inject: peerAdvertises() },
    { flush: true },
    { inject: echoRequest({ sequence: 2 }) },
    { expect: echoReply({ sequence: 2 }), within: 0.1 },
    { forbid: { icmpv6: [SOLICITATION] }, for: 10 },
  ],
  'an unsolicited advertisement does not confirm reachability': [
    ...STALE,
    { inject: peerAdvertises({ flags: 0x20 }) },
    { inject: echoRequest() },
    { expect: hostSolicits(PEER.local, { to: PEER.mac }), within: 6 },
  ],
  'a reachable neighbor is stale after the reachable time': [
    ...REACHABLE,
    { wait: 31 },
    { inject: echoRequest({ sequence: 2 }) },
    { expect: echoReply({ sequence: 2 }), within: 0.1 },
    { expect: hostSolicits(PEER.local, { to: PEER.mac }), within: 5.5 },
  ],
  'a reachable neighbor is not probed': [
    ...REACHABLE,
    { wait: 20 },
    { inject: echoRequest({ sequence: 2 }) },
    { expect: echoReply({ sequence: 2 }), within: 0.1 },
    { forbid: { icmpv6: [SOLICITATION] }, for: 8 },
  ],
  'a solicitation with another address is believed, and not confirmed': [
    ...REACHABLE,
    { inject: solicits(HOST.local, { body: body(HOST.local, ...sourceLink(OTHER.mac)), from: OTHER.mac }) },
    { expect: advertises(HOST.local, { to: OTHER.mac }), within: 1 },
    { inject: echoRequest({ sequence: 2 }) },
    { expect: echoReply({ sequence: 2, via: OTHER.mac }), within: 0.1 },
    { expect: hostSolicits(PEER.local, { to: OTHER.mac }), within: 6 },
  ],
  ...tableOfAdvertisements(),
  'a solicitation for a group that is not its own does not reach it': [
    {
      inject: message({
        type: SOLICITATION,
        body: body('fe80::1:2', ...sourceLink(PEER.mac)),
        destination: solicitedNode('fe80::1:2'),
      }),
    },
    { forbid: { icmpv6: [ADVERTISEMENT] }, for: 2 },
  ],
};

/**
 * Section 7.2.5 and appendix C, for a neighbor that is REACHABLE: by the solicited and override flags and the address that
 * is said, which address is used afterwards, and whether the neighbor is probed.
 */
function tableOfAdvertisements() {
  const rows = [
    { flags: 0x40, link: PEER.mac, via: PEER.mac, probed: false },
    { flags: 0x60, link: PEER.mac, via: PEER.mac, probed: false },
    { flags: 0x60, link: OTHER.mac, via: OTHER.mac, probed: false },
    { flags: 0x20, link: OTHER.mac, via: OTHER.mac, probed: true },
    { flags: 0x00, link: OTHER.mac, via: PEER.mac, probed: true },
    { flags: 0x40, link: OTHER.mac, via: PEER.mac, probed: true },
    { flags: 0x40, link: null, via: PEER.mac, probed: false },
    { flags: 0x00, link: null, via: PEER.mac, probed: false },
    { flags: 0x20, link: null, via: PEER.mac, probed: false },
  ];
  return Object.fromEntries(
    rows.map(({ flags, link, via, probed }) => {
      const said = link === null ? 'no' : link === PEER.mac ? 'the same' : 'another';
      const title = `a reachable neighbor advertises ${said} address with flags 0x${flags.toString(16)}`;
      const after = probed
        ? [{ expect: hostSolicits(PEER.local, { to: via }), within: 6 }]
        : [{ forbid: { icmpv6: [SOLICITATION] }, for: 8 }];
      return [
        title,
        [
          ...REACHABLE,
          { inject: peerAdvertises({ flags, link }) },
          { inject: echoRequest({ sequence: 2 }) },
          { expect: echoReply({ sequence: 2, via }), within: 0.1 },
          ...after,
        ],
      ];
    }),
  );
}
