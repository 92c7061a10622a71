import type { Requirement } from '../../suite/suite.ts';

/** Runs of the real NetX Duo 6.4, and what they show. */
const RUNS: readonly (readonly [id: string, topic: string, text: string])[] = [
  ['a1', 'ARP, ICMP', 'pings both ways, and a gratuitous ARP'],
  ['a2', 'ARP, ICMP', 'an address that nobody answers for'],
  ['b1', 'TCP', 'connect, ten packets of 1024 octets, close by the client'],
  ['b1w', 'TCP', 'the same with a window of 65535'],
  ['b3', 'TCP', 'disconnect with NX_NO_WAIT'],
  ['c1a', 'TCP', 'one segment lost: the transmit timer'],
  ['c1b', 'TCP', 'one segment lost of many: fast retransmit'],
  ['c1d', 'TCP', 'one segment late by 100 ms'],
  ['c2', 'TCP', 'a SYN lost twice'],
  ['c2all', 'TCP', 'a SYN that is never answered'],
  ['c3', 'TCP', 'a window that closes, probes, and a send that was refused'],
  ['c4', 'TCP', 'connect to a port without a listener'],
  ['ka', 'TCP', 'keepalive of 10, 5 and 3'],
  ['lq', 'TCP', 'the listen queue, and relisten'],
  ['mqtt_d1', 'MQTT', 'the full tour'],
  ['mqtt_d2', 'MQTT', 'login, will, reconnects'],
  ['mqtt_d3', 'MQTT', 'pings, and their end'],
  ['mqtt_d4', 'MQTT', 'QoS 1 across reconnects'],
  ['mqtt_d10', 'MQTT', 'long and short messages against segments'],
  ['tw2', 'TCP', 'how long TIMED_WAIT lasts'],
];

export const NETX_WIRE_REQUIREMENTS: readonly Requirement[] = [
  ...RUNS.map(([id, topic, text]) => ({ id, level: 'FACT' as const, clause: `NetX Duo 6.4, ${topic}`, text })),
];
