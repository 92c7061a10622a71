/**
 * What each Neighbor Discovery message does to an entry of the neighbor cache in each of its states (RFC 4861 7.2.3, 7.2.5,
 * 6.3.4, 8.3, 7.3 and appendix C). What became of the entry is seen by what the host sends afterwards.
 */
import {
  advertises,
  ECHO_REPLY,
  echoReply,
  echoRequest,
  FAR,
  HOST,
  hostSolicits,
  message,
  OTHER,
  PEER,
  peerAdvertises,
  REDIRECT,
  ROUTER,
  routerAdvertises,
  SOLICITATION,
  solicits,
} from './actors.mjs';
import { address, sourceLink, targetLink } from './frames.mjs';

const ELSEWHERE = '00:11:22:33:44:99';
const asks = (who, sequence) => ({ inject: echoRequest({ source: who.local, from: who.mac, sequence }) });
const isAnswered = (who, sequence, via = who.mac) => ({
  expect: echoReply({ at: who.local, via, sequence }),
  within: 0.2,
});
const looksFor = (who) => ({ expect: hostSolicits(who.local), within: 0.2 });
const probes = (who, via, within) => ({ expect: hostSolicits(who.local, { to: via }), within });
const answers = (who, flags, link) => ({
  inject: peerAdvertises({ target: who.local, source: who.local, from: who.mac, flags, link }),
});

/** How a neighbor comes into each state. */
const BEFORE = {
  unknown: () => [],
  incomplete: (who) => [asks(who, 1), looksFor(who)],
  reachable: (who) => [...BEFORE.incomplete(who), answers(who, 0x60, who.mac), isAnswered(who, 1), { flush: true }],
  stale: (who) => [...BEFORE.reachable(who), { wait: 32 }],
  delayed: (who) => [...BEFORE.stale(who), asks(who, 2), isAnswered(who, 2), { flush: true }],
  probed: (who) => [...BEFORE.delayed(who), probes(who, who.mac, 6), { flush: true }],
};

/** What shows in which state it is now, and with which link-layer address. */
const AFTER = {
  unknown: (who) => [asks(who, 9), looksFor(who)],
  incomplete: (who) => [
    { forbid: { icmpv6: [ECHO_REPLY] }, for: 0.5 },
    asks(who, 9),
    { forbid: { icmpv6: [ECHO_REPLY] }, for: 0 },
  ],
  reachable: (who, via) => [asks(who, 9), isAnswered(who, 9, via), { forbid: { icmpv6: [SOLICITATION] }, for: 8 }],
  stale: (who, via) => [
    asks(who, 9),
    isAnswered(who, 9, via),
    { forbid: { icmpv6: [SOLICITATION] }, for: 3.5 },
    probes(who, via, 2),
  ],
  delayed: (who, via) => [asks(who, 9), isAnswered(who, 9, via), probes(who, via, 6)],
  probed: (who, via) => [asks(who, 9), isAnswered(who, 9, via), probes(who, via, 1.2)],
};

/** `event` comes in `state`; then the entry is in state `then` with the address `via`. */
function change(who, state, event, then, via) {
  const waited = state === 'incomplete' && then !== 'incomplete' ? [isAnswered(who, 1, via)] : [];
  // An answer is a packet too: what waits for the neighbor moves a stale one on.
  const begun = waited.length > 0 && then === 'stale' ? 'delayed' : then;
  return [...BEFORE[state](who), ...event, ...waited, { flush: true }, ...AFTER[begun](who, via)];
}

const LINKS = { 'the same address': PEER.mac, 'another address': ELSEWHERE, 'no address': null };
const KNOWN = ['reachable', 'stale', 'delayed', 'probed'];
const STATES = Object.keys(BEFORE);

/** RFC 4861 7.2.5. */
function afterAdvertisement(state, { solicited, override, link }) {
  if (state === 'unknown') return ['unknown', PEER.mac];
  if (state === 'incomplete') {
    if (link === null) return ['incomplete', PEER.mac];
    return [solicited ? 'reachable' : 'stale', link];
  }
  const differs = link !== null && link !== PEER.mac;
  if (differs && !override) return [state === 'reachable' ? 'stale' : state, PEER.mac];
  const via = link ?? PEER.mac;
  if (solicited) return ['reachable', via];
  return [differs ? 'stale' : state, via];
}

function advertisements() {
  const rows = [];
  for (const state of STATES) {
    for (const [said, link] of Object.entries(LINKS)) {
      for (const flags of [0x00, 0x20, 0x40, 0x60]) {
        const [solicited, override] = [(flags & 0x40) !== 0, (flags & 0x20) !== 0];
        const [then, via] = afterAdvertisement(state, { solicited, override, link });
        const kind = `${solicited ? 'solicited' : 'unsolicited'}, ${override ? 'overriding' : 'not overriding'}`;
        rows.push([
          `${state}: an advertisement, ${kind}, with ${said}`,
          change(PEER, state, [answers(PEER, flags, link)], then, via),
        ]);
      }
    }
  }
  return rows;
}

/** RFC 4861 7.2.3: a solicitation with another address than is known makes the entry stale; none is ever confirmed. */
function solicitations() {
  const rows = [];
  for (const state of STATES) {
    for (const [said, link] of Object.entries({ 'the same address': PEER.mac, 'another address': ELSEWHERE })) {
      for (const [how, destination] of [
        ['to all', undefined],
        ['to the host', HOST.local],
      ]) {
        const body = [0, 0, 0, 0, ...address(HOST.local), ...sourceLink(link)];
        const event = [
          { inject: solicits(HOST.local, { body, ...(destination === undefined ? {} : { destination }) }) },
          { expect: advertises(HOST.local, { to: link }), within: 0.2 },
        ];
        const stale = state === 'unknown' || state === 'incomplete' || link !== PEER.mac;
        // The answer that the host has just sent has moved a stale entry on.
        const then = stale || state === 'stale' ? 'delayed' : state;
        rows.push([`${state}: a solicitation ${how} with ${said}`, change(PEER, state, event, then, link)]);
      }
    }
  }
  return rows;
}

/** RFC 4861 6.3.4: of a router's advertisement only the link-layer address counts for the entry. */
function routerAdvertisements() {
  const rows = [];
  for (const state of STATES) {
    for (const [said, link] of Object.entries({ ...LINKS, 'the same address': ROUTER.mac })) {
      const event = [{ inject: routerAdvertises({ options: link === null ? [] : sourceLink(link) }) }];
      const fresh = state === 'unknown' || state === 'incomplete';
      const then = link !== null && (fresh || link !== ROUTER.mac) ? 'stale' : state;
      rows.push([
        `${state}: a router's advertisement with ${said}`,
        change(ROUTER, state, event, then, link ?? ROUTER.mac),
      ]);
    }
  }
  return rows;
}

/** RFC 4861 8.3: the target of a redirect, which is a router or the destination itself. */
function redirections() {
  const rows = [];
  for (const state of STATES) {
    for (const [said, link] of Object.entries({ ...LINKS, 'the same address': OTHER.mac })) {
      const event = [
        { inject: routerAdvertises({ options: sourceLink(ROUTER.mac) }) },
        {
          inject: message({
            type: REDIRECT,
            body: [0, 0, 0, 0, ...address(OTHER.local), ...address(FAR), ...(link === null ? [] : targetLink(link))],
            source: ROUTER.local,
            from: ROUTER.mac,
            destination: HOST.global,
          }),
        },
      ];
      const fresh = state === 'unknown' || state === 'incomplete';
      const then = link !== null && (fresh || link !== OTHER.mac) ? 'stale' : state;
      rows.push([`${state}: a redirect to it with ${said}`, change(OTHER, state, event, then, link ?? OTHER.mac)]);
    }
  }
  return rows;
}

/** What is no news leaves every entry alone: a message that is not valid, and a solicitation for routers. */
function noNews() {
  const unchanged = (state, event) => change(PEER, state, [event], state, PEER.mac);
  const target = address(PEER.local);
  const asking = (destination) => message({ type: 133, body: [0, 0, 0, 0, ...sourceLink(ELSEWHERE)], destination });
  return ['unknown', ...KNOWN].flatMap((state) => [
    [
      `${state}: an advertisement with hop limit 254`,
      unchanged(state, { inject: peerAdvertises({ link: ELSEWHERE, hopLimit: 254 }) }),
    ],
    [
      `${state}: an advertisement with an option of length 0`,
      unchanged(state, { inject: peerAdvertises({ body: [0x60, 0, 0, 0, ...target, 2, 0, 0, 0, 0, 0, 0, 0] }) }),
    ],
    [`${state}: somebody asks all routers for one`, unchanged(state, { inject: asking('ff02::2') })],
    [`${state}: somebody asks all nodes for a router`, unchanged(state, { inject: asking('ff02::1') })],
    [`${state}: somebody asks the host for a router`, unchanged(state, { inject: asking(HOST.local) })],
  ]);
}

export const states = Object.fromEntries([
  ...advertisements(),
  ...solicitations(),
  ...routerAdvertisements(),
  ...redirections(),
  ...noNews(),
]);
