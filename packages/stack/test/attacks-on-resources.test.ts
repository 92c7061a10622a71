import { describe, expect, test } from '@jest/globals';
import { SECOND } from '@strata/contracts';
import type { TcpSocket } from '@strata/tcp';
import { FrameMaker } from '@strata/testkit';
import { modernProfile, netxProfile, type Profile } from '../src/index.ts';
import {
  ATTACKER_STATION,
  AttackLab,
  DAYTIME_PORT,
  ECHO_PORT,
  SINK_PORT,
  SOURCE_PORT,
  TARGET_STATION,
  type Victim,
} from './support/attacker.ts';

const PROFILES: readonly (readonly [string, Profile])[] = [
  ['netx', netxProfile],
  ['modern', modernProfile],
];

type Attack = (lab: AttackLab) => Promise<void>;

const NEIGHBOURS = Array.from({ length: 150 }, (_, i) => 100 + i);

/** Frames from addresses of the target's network at which nobody is. */
async function spoof(lab: AttackLab, make: (from: FrameMaker, round: number) => Uint8Array): Promise<void> {
  for (let round = 0; round < 8; round++) {
    for (const host of NEIGHBOURS) {
      lab.send(make(new FrameMaker({ ...ATTACKER_STATION, address: 0xc0000200 | host }, TARGET_STATION), round));
      if (host % 8 === 0) await lab.pass(10);
    }
  }
}

async function everySecondOctet(lab: AttackLab, connections: number): Promise<void> {
  const victims: Victim[] = [];
  for (let i = 0; i < connections; i++) victims.push(await lab.connect(SINK_PORT));
  for (let i = 0; i < 1000; i++) {
    for (const victim of victims) lab.say(victim, '.', { sequence: victim.sequence + 2 + 2 * i, data: [1] });
    if (i % 8 === 0) await lab.pass(10);
  }
}

const ATTACKS: readonly (readonly [string, Attack])[] = [
  ['SegmentSmack: every second octet of one window', (lab) => everySecondOctet(lab, 1)],
  ['SegmentSmack on eight connections', (lab) => everySecondOctet(lab, 8)],
  [
    'octets one by one for a program that does not read',
    async (lab) => {
      const victim = await lab.connect(SINK_PORT);
      for (let i = 0; i < 2000; i++) {
        lab.data(victim, 1);
        if (i % 50 === 0) await lab.pass(100);
      }
    },
  ],
  [
    'a hundred connections with unread data',
    async (lab) => {
      for (let i = 0; i < 100; i++) {
        const victim = await lab.connect(SINK_PORT);
        for (let segment = 0; segment < 8; segment++) lab.data(victim, 1000);
        await lab.pass(10);
      }
    },
  ],
  [
    'an MSS of 1 on a connection with much to send',
    async (lab) => {
      await lab.connect(SOURCE_PORT, [2, 4, 0, 1]);
      await lab.pass(100_000);
    },
  ],
  [
    'sockstress: forty windows that close and stay closed',
    async (lab) => {
      const victims: Victim[] = [];
      for (let i = 0; i < 40; i++) victims.push(await lab.connect(SOURCE_PORT));
      for (let time = 0; time < 20; time++) {
        for (const victim of victims) lab.say(victim, '.', { window: 0 });
        await lab.pass(SECOND / 2);
      }
    },
  ],
  ['pings from neighbours that do not exist', (lab) => spoof(lab, (from) => from.icmp(8, 0, 1, [1]))],
  [
    'SYNs from neighbours that do not exist',
    (lab) =>
      spoof(lab, (from, round) => from.tcp({ sourcePort: 1000 + round, destinationPort: ECHO_PORT, flags: 'S' })),
  ],
  ['ARP requests from neighbours that do not exist', (lab) => spoof(lab, (from) => from.arp(1))],
  [
    'a SYN flood',
    async (lab) => {
      for (let i = 0; i < 5000; i++) {
        lab.segment({ sourcePort: 1024 + i, destinationPort: ECHO_PORT, flags: 'S' });
        if (i % 8 === 0) await lab.pass(10);
      }
    },
  ],
];

describe.each(PROFILES)(
  '%s: while it lasts a friend is served, and afterwards nothing is left of it',
  (_name, profile) => {
    test.each(ATTACKS)('%s', async (_what, attack) => {
      const lab = new AttackLab(profile);
      expect(await lab.friendIsServed()).toBe('served');
      await attack(lab);
      await lab.pass(1000);
      expect(await lab.friendIsServed()).toBe('served');
      await lab.end();
      expect(lab.held).toBe(0);
      expect(lab.target.tcp.connections.count).toBe(0);
    });

    test('FIN_WAIT_2: connections that the target ends and the peer does not are forgotten, with what it still sends', async () => {
      const lab = new AttackLab(profile);
      for (let i = 0; i < 200; i++) {
        const victim = await lab.connect(DAYTIME_PORT);
        await lab.pass(1000);
        for (let octet = 0; octet < 4; octet++) lab.data(victim, 1);
      }
      await lab.pass(1000);
      expect(lab.held).toBe(0);
      expect(await lab.friendIsServed()).toBe('served');
      await lab.pass(300 * SECOND);
      expect(lab.target.tcp.connections.count).toBe(0);
    });

    test('ACK storm: an octet forged into both directions does not set two hosts on each other', async () => {
      const lab = new AttackLab(profile);
      const { target, friend } = lab;
      const connection = await lab.lab.run(() => friend.connect('192.0.2.1', SINK_PORT), 'the friend connects');
      const { localPort } = connection.packets as TcpSocket;
      const { macMsw, macLsw } = friend.drivers[0]!.properties;
      const station = { msw: macMsw, lsw: macLsw, address: friend.localAddress.w3 };
      const [there] = target.tcp.connections.all().filter((tcb) => tcb.remotePort === localPort);
      const forged = { flags: 'P.', sequence: there!.rcvNxt, acknowledgment: there!.sndNxt, data: [1] };
      const ports = { sourcePort: localPort, destinationPort: SINK_PORT };
      const back = { ...forged, sequence: forged.acknowledgment, acknowledgment: forged.sequence };
      lab.send(new FrameMaker(station, TARGET_STATION).tcp({ ...ports, ...forged }));
      lab.send(
        new FrameMaker(TARGET_STATION, station).tcp({ sourcePort: SINK_PORT, destinationPort: localPort, ...back }),
      );
      const before = target.drivers[0]!.framesReceived;
      const end = lab.lab.now + 10 * SECOND;
      for (let step = 0; step < 1000 && lab.lab.clock.scheduler.step(end); step++);
      expect(target.drivers[0]!.framesReceived - before).toBeLessThan(20);
      connection.abort();
    });
  },
);
