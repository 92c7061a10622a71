import { NX_SUCCESS, type Packet, type Random, SECOND, type Status } from '@strata/contracts';
import type { Profile } from '@strata/stack';
import { SeededRandom } from '@strata/time';
import { ipv4Address } from '@strata/wire';
import { isAtRest, leaks } from './leak-guard.ts';
import { randomMutation, systematicMutations } from './mutations.ts';
import { StormConnection } from './storm-connection.ts';
import { countedDrops, OUTGOING_DROPS } from './storm-counters.ts';
import { BYSTANDER_PORT, STRANGER, StormHost, type TargetEnd, UDP_PORT } from './storm-host.ts';

export interface FrameStormOptions {
  /** How many mutated frames to throw. */
  readonly frames: number;
}

/** How a run of {@link frameStorm} went. */
export interface FrameStormResult {
  readonly seed: number;
  readonly profile: string;
  readonly frames: number;
  /** Mutated frames that some layer took, and those dropped below one: together all of them. */
  readonly taken: number;
  readonly dropped: number;
  /** Drops by the reason's name, TCP's of segments it had taken included. */
  readonly drops: Readonly<Record<string, number>>;
  /** Connections ended by a frame that a real peer could have sent, by what it was. */
  readonly endings: Readonly<Record<string, number>>;
  /** How often a connection passed data after a batch. */
  readonly checks: number;
  /** Empty when everything held. */
  readonly faults: readonly string[];
}

/** Frames between two looks at the connections. */
const BATCH = 50;
const FAULTS_KEPT = 20;
const MOST_GOLDEN = 400;

const CONNACK = [0x20, 2, 0, 0];
const TOPIC = [...'plant/7'].map((letter) => letter.charCodeAt(0));
const PUBLISH_QOS0 = [0x30, 2 + TOPIC.length + 3, 0, TOPIC.length, ...TOPIC, 1, 2, 3];
const PUBLISH_QOS1 = [0x32, 4 + TOPIC.length + 1, 0, TOPIC.length, ...TOPIC, 0, 9, 5];
const OTHER_MQTT = [
  [0x90, 3, 0, 1, 0],
  [0x40, 2, 0, 2],
  [0xb0, 2, 0, 3],
  [0xd0, 0],
  [0xe0, 0],
];

/**
 * Throws mutated frames at a host that has a listening port, open connections, a bound UDP socket, a ping under way and an
 * MQTT client, and watches it.
 *
 * What must hold: nothing throws; every frame is taken by a layer or dropped for a known reason, and counters and events
 * agree; a connection of which the stranger knows nothing passes data to the end; one in whose name frames are forged passes
 * data too, unless one of the frames was a valid end of it; no packet leaks; everything comes to rest.
 */
export function frameStorm(seed: number, profile: Profile, options: FrameStormOptions): FrameStormResult {
  return new FrameStorm(seed, profile).run(options.frames);
}

class FrameStorm {
  private readonly seed: number;
  private readonly profile: Profile;
  private readonly random: Random;
  private readonly storm: StormHost;
  private readonly faults: string[];
  private readonly endings: Map<string, number>;
  private connection: StormConnection | null;
  private mqtt: StormConnection | null;
  private nextPort: number;
  private thrown: number;
  private taken: number;
  private dropped: number;
  private checks: number;
  /** Octets that the stranger meant to say to the MQTT client on this connection. */
  private mqttSaid: number;

  constructor(seed: number, profile: Profile) {
    this.seed = seed;
    this.profile = profile;
    this.random = new SeededRandom(`storm ${seed}`);
    this.storm = new StormHost(seed, profile);
    this.faults = [];
    this.endings = new Map();
    this.connection = null;
    this.mqtt = null;
    this.nextPort = 20_000;
    this.thrown = 0;
    this.taken = 0;
    this.dropped = 0;
    this.checks = 0;
    this.mqttSaid = 0;
  }

  run(frames: number): FrameStormResult {
    this.golden();
    const systematic = this.systematic();
    while (this.thrown < frames && this.faults.length < FAULTS_KEPT) {
      const corpus = this.corpus();
      const batch = Math.min(BATCH, frames - this.thrown);
      for (let i = 0; i < batch; i++) {
        // Half of the frames try every damage in turn, as long as there are any.
        const next = i % 2 === 0 ? systematic.next() : null;
        const base = corpus[this.random.below(corpus.length)] as Uint8Array;
        this.hurl(next === null || next.done ? randomMutation(this.random, base, corpus) : next.value);
      }
      this.look();
    }
    this.compareCounters();
    this.finish();
    const { auditor } = this.storm;
    for (const fault of auditor.faults) this.fault(fault);
    return {
      seed: this.seed,
      profile: this.profile.name,
      frames: this.thrown,
      taken: this.taken,
      dropped: this.dropped,
      drops: Object.fromEntries([...auditor.drops].sort((a, b) => b[1] - a[1])),
      endings: Object.fromEntries(this.endings),
      checks: this.checks,
      faults: this.faults,
    };
  }

  private fault(text: string): void {
    if (this.faults.length < FAULTS_KEPT && !this.faults.includes(text)) this.faults.push(text);
  }

  /** The sessions whose frames are mutated: ARP, ping, UDP, a connection with data, an MQTT session. */
  private golden(): void {
    const { storm } = this;
    storm.talk(storm.make.arp(1));
    storm.talk(storm.make.arp(2));
    storm.talk(storm.make.icmp(8, 0, 0x00070001, [1, 2, 3, 4, 5, 6, 7, 8]));
    storm.talk(storm.make.udp(4000, UDP_PORT, [1, 2, 3, 4]));
    storm.talk(storm.make.udp(4000, UDP_PORT + 1, [1, 2, 3]));
    this.open();
    this.openMqtt();
    this.connection?.send([10, 20, 30, 40, 50]);
    for (const packet of OTHER_MQTT.slice(0, 2))
      storm.golden.push(this.mqtt?.segment('P.', packet) ?? new Uint8Array(60));
  }

  /** Frames with the numbers of this moment, and golden ones with theirs. */
  private corpus(): Uint8Array[] {
    const { storm, connection, mqtt } = this;
    const frames = storm.golden.slice(-MOST_GOLDEN / 4);
    frames.push(...storm.golden.slice(0, 8), ...this.answers());
    for (let i = 0; i < 3; i++) {
      frames.push(storm.make.udp(4000 + i, UDP_PORT, new Uint8Array(i * 40)), storm.make.arp(1 + (i & 1)));
      frames.push(storm.make.icmp(8, 0, i, new Uint8Array(i * 40)));
    }
    for (const one of [connection, mqtt]) {
      if (one === null) continue;
      for (const flags of ['.', 'P.', 'PU.', '']) frames.push(one.segment(flags));
      frames.push(one.segment('P.', [1, 2, 3, 4, 5]), one.segment('P.', [9, 8, 7], 1000), one.segment('.', [6], -1));
      // Frames that end the connection would leave little to see if they were always there.
      if (this.random.below(4) > 0) continue;
      for (const flags of ['F.', 'R', 'R.', 'S', 'S.']) frames.push(one.segment(flags));
      frames.push(one.segment('F.', [1], 2000), one.segment('R', [], 700));
    }
    if (mqtt !== null) {
      for (const packet of [CONNACK, PUBLISH_QOS0, PUBLISH_QOS1, ...OTHER_MQTT])
        frames.push(mqtt.segment('P.', packet));
      frames.push(mqtt.segment('P.', [...PUBLISH_QOS1, ...PUBLISH_QOS0, 0xd0, 0]));
    }
    if (storm.golden.length > MOST_GOLDEN) storm.golden.splice(8, storm.golden.length - MOST_GOLDEN);
    return frames;
  }

  /** Replies to the ping under way, and ICMP errors about what the target sent last. */
  private answers(): Uint8Array[] {
    const { storm } = this;
    storm.clearSent();
    storm.target.ip.icmp.echo.ping(ipv4Address(STRANGER.address), new Uint8Array(24), SECOND / 2, { pinged });
    if (this.mqtt !== null && storm.mqtt.isConnected) storm.mqtt.publish('t', 'x', false, 1);
    storm.advance(0);
    const frames: Uint8Array[] = [];
    for (const sent of storm.sent.slice(-4)) {
      const quote = sent.subarray(14, Math.min(sent.length, 14 + 28));
      frames.push(storm.make.icmp(3, this.random.below(16), 0, quote), storm.make.icmp(3, 4, 576, quote));
      frames.push(
        storm.make.icmp(11, 0, 0, quote),
        storm.make.icmp(12, 0, 0x14000000, quote),
        storm.make.icmp(4, 0, 0, quote),
      );
      if (sent.length > 42 && sent[23] === 1 && sent[34] === 8) {
        const rest = new DataView(sent.buffer, sent.byteOffset).getInt32(38);
        frames.push(storm.make.icmp(0, 0, rest, sent.subarray(42)));
      }
    }
    return frames;
  }

  private *systematic(): Generator<Uint8Array, void, undefined> {
    // Each base frame is made when its turn comes, so that its numbers are those of then.
    const count = this.corpus().length;
    for (let i = 0; i < count; i++) {
      const corpus = this.corpus();
      yield* systematicMutations(corpus[i % corpus.length] as Uint8Array);
    }
  }

  private hurl(frame: Uint8Array): void {
    this.thrown++;
    // At most what the link carries; the rest is the link's to refuse, which is not what is tested here.
    const bytes = frame.length > 1514 ? frame.subarray(0, 1514) : frame;
    this.connection?.suspect(bytes);
    this.mqtt?.suspect(bytes);
    try {
      const end = this.storm.throwFrame(bytes);
      if (end === 'taken') this.taken++;
      else if (end === 'dropped') this.dropped++;
      else this.fault(`frame ${this.thrown} vanished: ${hex(bytes)}`);
    } catch (error) {
      this.fault(`frame ${this.thrown} ${hex(bytes)}: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }

  /** After a batch: everything still works, or was ended by a frame that may. */
  private look(): void {
    this.drain();
    this.checkBystander();
    this.checkConnection();
    this.checkMqtt();
    for (const fault of this.storm.target.pool.verify()) this.fault(`pool: ${fault}`);
  }

  /** Applications read what they have. */
  private drain(): void {
    const { storm } = this;
    for (let packet = storm.udp.receive(); packet !== null; packet = storm.udp.receive()) packet.release();
    while (storm.mqtt.receive() !== null);
    // Connections that mutated SYNs have made are nobody's: they are closed.
    for (const end of storm.accepted) {
      end.receivable();
      if (end.socket !== this.connection?.socket) end.abort();
    }
    const kept = storm.accepted.filter((end) => end.socket === this.connection?.socket);
    storm.accepted.splice(0, storm.accepted.length, ...kept);
  }

  private checkBystander(): void {
    const { bystander, bystanderPeer } = this.storm;
    for (const [from, to] of [
      [bystanderPeer, bystander],
      [bystander, bystanderPeer],
    ] as const) {
      const data = [this.random.below(256), 7, this.random.below(256)];
      to.received.length = 0;
      if (from.socket === null || !write(from, data))
        this.fault(`the connection on port ${BYSTANDER_PORT} takes no data`);
      this.storm.advance(500_000);
      if (!same(to.received, data)) this.fault(`the connection on port ${BYSTANDER_PORT} lost data: ${to.received}`);
    }
    this.checks++;
  }

  private checkConnection(): void {
    const { storm, connection } = this;
    const end = storm.accepted.find((each) => each.socket === connection?.socket);
    if (connection === null || end === undefined || !connection.established) {
      this.ended(connection);
      end?.abort();
      this.open();
      return;
    }
    connection.recover(end);
    if (connection.established) {
      const data = [1 + this.random.below(255), 2, 3];
      connection.send(data);
      end.receivable();
      if (!same(end.received, data)) this.fault(`a forged connection lost data: ${end.received.slice(0, 20)}`);
      storm.clearSent();
      if (!write(end, data)) this.fault('a forged connection does not take data any more');
      storm.advance(500_000);
      const answer = storm.lastSent(
        (frame) => frame.tcp?.destinationPort === connection.port && frame.tcp.payloadLength > 0,
      );
      const { tcp } = answer ?? { tcp: null };
      if (answer === null || tcp === null) this.fault('a forged connection does not send any more');
      else if (!same([...answer.bytes.subarray(tcp.payloadOffset, tcp.payloadOffset + tcp.payloadLength)], data)) {
        this.fault('a forged connection sends something else');
      }
      storm.throwFrame(connection.segment('.'));
      this.checks++;
    } else this.ended(connection);
    // A new one, so that what is kept out of order does not pile up for ever.
    storm.talk(connection.segment('R'));
    end.abort();
    this.open();
  }

  private ended(connection: StormConnection | null): void {
    if (connection === null) return;
    const why = connection.explanation();
    if (why === null)
      this.fault(`a connection ended, and no frame said so: ${JSON.stringify(connection.socket.inspect())}`);
    this.note(why ?? 'unexplained');
  }

  private note(ending: string): void {
    this.endings.set(ending, (this.endings.get(ending) ?? 0) + 1);
  }

  private open(): void {
    this.nextPort = this.nextPort >= 60_000 ? 20_000 : this.nextPort + 1;
    this.connection = StormConnection.open(this.storm, this.nextPort);
    // Half-open connections of mutated SYNs may fill the backlog until they are given up.
    for (let waited = 0; this.connection === null && waited < 200; waited++) {
      this.storm.advance(SECOND);
      if (this.mqtt?.established) this.storm.throwFrame(this.mqtt.segment('.'));
      this.nextPort++;
      this.connection = StormConnection.open(this.storm, this.nextPort);
    }
    if (this.connection === null) this.fault('the listening port does not accept any more');
  }

  private checkMqtt(): void {
    const { storm, mqtt } = this;
    const { mqtt: client } = storm;
    if (mqtt !== null && client.isConnected && mqtt.established) {
      const believed = mqtt.socket.bytesReceived - this.mqttSaid;
      if (believed === 0) {
        this.sayMqtt(PUBLISH_QOS0);
        // A forged FIN that was ahead of the data takes effect only now.
        if (client.receive() !== null) this.checks++;
        else if (client.isConnected) this.fault('the MQTT client does not receive any more');
        else this.mqttEnded(mqtt);
      } else this.note('mqtt: forged octets were believed');
    } else if (mqtt !== null) this.mqttEnded(mqtt);
    this.openMqtt();
  }

  private mqttEnded(mqtt: StormConnection): void {
    const { reasonName } = this.storm.mqtt.failure();
    const why = mqtt.explanation();
    if (reasonName === '' && why === null) this.fault('the MQTT client disconnected without a reason');
    this.note(`mqtt: ${reasonName || why}`);
  }

  private sayMqtt(packet: readonly number[]): void {
    this.mqttSaid += packet.length;
    this.mqtt?.send(packet);
  }

  /** Ends the MQTT client's connection, whatever state it is in, and makes a new one. */
  private openMqtt(): void {
    const { storm } = this;
    const { mqtt: client } = storm;
    this.hangUpMqtt();
    storm.clearSent();
    const status = client.connect({ cleanSession: true });
    storm.advance(0);
    this.mqtt = StormConnection.answer(storm);
    this.mqttSaid = 0;
    this.sayMqtt(CONNACK);
    if (!client.isConnected) this.fault(`the MQTT client does not connect any more: ${status}`);
    if (client.subscribe('plant/#', 0) !== NX_SUCCESS) this.fault('the MQTT client does not subscribe any more');
    storm.advance(0);
    const id = client.lastPacketId;
    this.sayMqtt([0x90, 3, id >> 8, id & 255, 0]);
  }

  private hangUpMqtt(): void {
    const { storm, mqtt } = this;
    if (mqtt !== null && mqtt.socket.state > 1) storm.throwFrame(mqtt.segment('R'));
    storm.mqttSocket?.disconnect(true);
    storm.mqtt.disconnect();
    storm.advance(SECOND);
    for (let packet = storm.mqttSocket?.receive() ?? null; packet; packet = storm.mqttSocket?.receive() ?? null)
      packet.release();
  }

  /** What the events said was dropped is what the counters say. */
  private compareCounters(): void {
    const { target, auditor } = this.storm;
    const counted = countedDrops(this.storm);
    for (const [name, events] of auditor.drops) {
      if ((counted.get(name) ?? 0) !== events)
        this.fault(`${name}: ${events} events, counted ${counted.get(name) ?? 0}`);
    }
    for (const [name, count] of counted) {
      if (!auditor.drops.has(name) && !OUTGOING_DROPS.has(name)) this.fault(`${name}: counted ${count}, no event`);
    }
    const { counters } = target.ip;
    if (counters.totalPacketsReceived === 0) this.fault('IP received nothing');
  }

  /** Closes everything: then nothing may be left. */
  private finish(): void {
    const { storm } = this;
    this.drain();
    this.hangUpMqtt();
    storm.mqtt.delete();
    storm.udp.unbind();
    if (this.connection !== null) storm.throwFrame(this.connection.segment('R'));
    for (const end of [...storm.accepted, storm.bystander, storm.bystanderPeer]) end.abort();
    const { scheduler } = storm.lab.clock;
    const end = scheduler.now + 3600 * SECOND;
    while (scheduler.step(end));
    if (!isAtRest(storm.lab)) this.fault('alarms are set an hour after everything was closed');
    for (const late of storm.accepted) late.abort();
    for (const leak of leaks(storm.lab)) this.fault(leak);
    void storm.lab.close();
  }
}

function pinged(_status: Status, response: Packet | null): void {
  response?.release();
}

/** The application of `end` sends these octets. False when its stream does not take them. */
function write(end: TargetEnd, data: readonly number[]): boolean {
  const packet = end.socket?.allocate() ?? null;
  if (packet === null) return false;
  packet.appendBytes(Uint8Array.from(data), 0, data.length);
  if (end.socket?.send(packet) === NX_SUCCESS) return true;
  packet.release();
  return false;
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 200)).toString('hex');
}
