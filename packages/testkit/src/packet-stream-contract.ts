import assert from 'node:assert/strict';
import {
  NX_INVALID_PACKET,
  NX_NO_PACKET,
  NX_NOT_CONNECTED,
  NX_SUCCESS,
  NX_TX_QUEUE_DEPTH,
  NX_WINDOW_OVERFLOW,
  type Packet,
  type PacketStream,
  SECOND,
  type Status,
  type StreamListener,
} from '@strata/contracts';
import type { PacketPool } from '@strata/packet';
import type { Lab } from '@strata/stack';

/** Two ends of an open stream in a lab, and what carries them. */
export interface StreamPair {
  readonly lab: Lab;
  readonly client: PacketStream;
  readonly server: PacketStream;
  readonly clientPool: PacketPool;
  readonly serverPool: PacketPool;
  /** Ends what is not part of the stream itself: listeners on ports. */
  close(): void;
}

/** Makes an open pair. */
export type MakePair = () => Promise<StreamPair>;

/** One promise of {@link PacketStream}, for any implementation. */
export interface StreamPromise {
  readonly name: string;
  /** Rejects when it is not kept. */
  check(make: MakePair): Promise<void>;
}

/** Beyond every give-up. */
const LONG = 300 * SECOND;

/** Octets that no buffers along the way can hold. */
const FLOOD = 400_000;

const pattern = (length: number, seed = 0): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 255);

/** In pieces of 1000 octets. */
const cut = (bytes: Uint8Array): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / 1000) }, (_, i) => bytes.subarray(i * 1000, (i + 1) * 1000));

/** One end with its user: hears everything, takes what arrives when it reads. */
class End implements StreamListener {
  readonly stream: PacketStream;
  readonly told: string[];
  readonly arrived: Uint8Array[];
  closedWith: Status | null;
  reading: boolean;
  whenSendable: () => void;
  private calling: boolean;

  constructor(stream: PacketStream) {
    this.stream = stream;
    this.told = [];
    this.arrived = [];
    this.closedWith = null;
    this.reading = true;
    this.whenSendable = () => undefined;
    this.calling = false;
    stream.listener = this;
  }

  private hear(what: string): void {
    assert.ok(!this.calling, `${what} was told from inside a call`);
    assert.equal(this.closedWith, null, `${what} was told after closed`);
    this.told.push(what);
  }

  /** Calls the stream; nothing may be told meanwhile. */
  call<T>(work: (stream: PacketStream) => T): T {
    const before = this.calling;
    this.calling = true;
    try {
      return work(this.stream);
    } finally {
      this.calling = before;
    }
  }

  established(): void {
    this.hear('established');
  }

  receivable(): void {
    this.hear('receivable');
    if (this.reading) this.take();
  }

  sendable(): void {
    this.hear('sendable');
    this.whenSendable();
  }

  peerFinished(): void {
    this.hear('peerFinished');
  }

  closed(reason: Status): void {
    this.hear('closed');
    this.closedWith = reason;
  }

  take(): void {
    for (;;) {
      const packet = this.call((stream) => stream.receive());
      if (packet === null) return;
      assert.ok(packet.length > 0, 'a packet without octets was received');
      const bytes = new Uint8Array(packet.length);
      packet.extract(0, bytes, 0, bytes.length);
      packet.release();
      this.arrived.push(bytes);
    }
  }

  get octets(): Buffer {
    return Buffer.concat(this.arrived);
  }

  heard(what: string): number {
    return this.told.filter((one) => one === what).length;
  }

  /** A packet of the stream with these octets; as a chain when one packet does not hold them. */
  packet(bytes: Uint8Array): Packet {
    const packet = this.call((stream) => stream.allocate());
    assert.ok(packet !== null, 'the pool is empty');
    assert.equal(packet.appendBytes(bytes, 0, bytes.length), NX_SUCCESS);
    return packet;
  }

  send(bytes: Uint8Array): Status {
    const packet = this.packet(bytes);
    const status = this.call((stream) => stream.send(packet));
    if (status !== NX_SUCCESS) packet.release();
    return status;
  }

  /** Sends the parts, each as one packet or chain, as fast as the stream takes them. Returns how much it has taken. */
  pour(parts: readonly Uint8Array[]): () => number {
    let next = 0;
    let at = 0;
    let held: Packet | null = null;
    const more = (): void => {
      while (next < parts.length || held !== null) {
        if (held === null) {
          const part = parts[next] as Uint8Array;
          held = this.call((stream) => stream.allocate());
          if (held === null) return;
          assert.equal(held.appendBytes(part, 0, part.length), NX_SUCCESS);
          at += part.length;
          next++;
        }
        const before = held.length;
        const status = this.call((stream) => stream.send(held as Packet));
        if (status !== NX_SUCCESS) {
          assert.ok(isLater(status), `send answered ${status}`);
          assert.ok(held.length > 0 && held.length <= before, 'what was not taken stays in the packet');
          return;
        }
        held = null;
      }
    };
    this.whenSendable = more;
    more();
    return () => at - (held?.length ?? 0);
  }
}

function isLater(status: Status): boolean {
  return status === NX_WINDOW_OVERFLOW || status === NX_TX_QUEUE_DEPTH || status === NX_NO_PACKET;
}

/** A pair with its users; ends it, and looks for leaks. */
async function withPair(
  make: MakePair,
  work: (pair: StreamPair, client: End, server: End) => Promise<void>,
): Promise<void> {
  const pair = await make();
  const { lab } = pair;
  const [client, server] = [new End(pair.client), new End(pair.server)];
  await work(pair, client, server);
  for (const end of [client, server]) {
    end.reading = true;
    end.whenSendable = () => undefined;
    if (end.closedWith === null) end.call((stream) => stream.disconnect(true));
    end.take();
  }
  await run(lab, () => client.closedWith !== null && server.closedWith !== null);
  for (const end of [client, server]) {
    assert.equal(end.heard('closed'), 1, 'closed is told once');
    end.take();
  }
  pair.close();
  await run(lab, () => lab.outstanding() === 0);
  assert.equal(pair.clientPool.leakReport() + pair.serverPool.leakReport(), '');
  await lab.close();
}

async function run(lab: Lab, done: () => boolean): Promise<void> {
  const end = lab.now + LONG;
  await lab.runUntil(() => done() || lab.now >= end);
}

async function pass(lab: Lab, microseconds: number): Promise<void> {
  const end = lab.now + microseconds;
  await lab.clock.run({ until: end });
}

/** What every {@link PacketStream} promises: TCP sockets, TLS sessions, and whatever comes. */
export const PACKET_STREAM_CONTRACT: readonly StreamPromise[] = [
  {
    name: 'what is sent arrives in order and whole, whatever the packets, chains among them',
    check: (make) =>
      withPair(make, async ({ lab }, client, server) => {
        const sizes = [1, 2, 999, 1, 1400, 4000, 7, 300];
        const parts = sizes.map((size, i) => pattern(size, i));
        client.pour(parts);
        server.pour(parts);
        const total = Buffer.concat(parts);
        await run(lab, () => client.octets.length >= total.length && server.octets.length >= total.length);
        assert.deepEqual(server.octets, total);
        assert.deepEqual(client.octets, total);
      }),
  },
  {
    name: 'a packet belongs to its caller until it is taken, and an empty one is refused',
    check: (make) =>
      withPair(make, async ({ clientPool }, client) => {
        const free = clientPool.available;
        const packet = client.packet(new Uint8Array(0));
        assert.equal(clientPool.available, free - 1);
        assert.equal(
          client.call((stream) => stream.send(packet)),
          NX_INVALID_PACKET,
        );
        assert.equal(clientPool.available, free - 1);
        packet.release();
        assert.equal(clientPool.available, free);
      }),
  },
  {
    name: 'receive answers null when there is nothing',
    check: (make) =>
      withPair(make, async (_pair, client) => {
        assert.equal(
          client.call((stream) => stream.receive()),
          null,
        );
      }),
  },
  {
    name: 'a full stream refuses with "later", keeps what it did not take, and tells when there is room',
    check: (make) =>
      withPair(make, async ({ lab }, client, server) => {
        const bytes = pattern(FLOOD);
        client.pour(cut(bytes));
        await run(lab, () => server.octets.length >= FLOOD);
        assert.ok(client.heard('sendable') > 0, 'sendable was never told');
        assert.ok(server.octets.equals(bytes), 'octets were lost, repeated or changed');
      }),
  },
  {
    name: 'a reader that does not read stops the sender, and loses nothing when it goes on',
    check: (make) =>
      withPair(make, async ({ lab }, client, server) => {
        server.reading = false;
        const bytes = pattern(FLOOD, 5);
        const sent = client.pour(cut(bytes));
        await pass(lab, 20 * SECOND);
        const stopped = sent();
        assert.ok(stopped < FLOOD, 'the sender was never stopped');
        await pass(lab, 5 * SECOND);
        assert.equal(sent(), stopped);
        server.reading = true;
        server.take();
        await run(lab, () => server.octets.length >= FLOOD);
        assert.ok(server.octets.equals(bytes), 'octets were lost, repeated or changed');
      }),
  },
  {
    name: 'an empty pool delays and loses nothing',
    check: (make) =>
      withPair(make, async ({ lab, clientPool }, client, server) => {
        const bytes = pattern(4000);
        for (const part of cut(bytes)) assert.equal(client.send(part), NX_SUCCESS);
        const hoard: Packet[] = [];
        for (let one = clientPool.allocate(0); one !== null; one = clientPool.allocate(0)) hoard.push(one);
        assert.equal(
          client.call((stream) => stream.allocate()),
          null,
        );
        await pass(lab, SECOND / 2);
        for (const packet of hoard) packet.release();
        await run(lab, () => server.octets.length >= 4000);
        assert.ok(server.octets.equals(bytes), 'octets were lost, repeated or changed');
      }),
  },
  {
    name: 'what arrives while nobody listens is there for whoever comes',
    check: (make) =>
      withPair(make, async ({ lab }, client, server) => {
        server.stream.listener = null;
        assert.equal(client.send(pattern(700)), NX_SUCCESS);
        await pass(lab, SECOND);
        server.stream.listener = server;
        server.take();
        assert.deepEqual(server.octets, Buffer.from(pattern(700)));
      }),
  },
  {
    name: 'an orderly end delivers everything first; the peer hears that we have finished, then both hear the end once',
    check: (make) =>
      withPair(make, async ({ lab }, client, server) => {
        const parts = Array.from({ length: 5 }, (_, i) => pattern(800, i));
        for (const part of parts) assert.equal(client.send(part), NX_SUCCESS);
        client.call((stream) => stream.disconnect(false));
        await run(lab, () => server.heard('peerFinished') > 0);
        assert.deepEqual(server.octets, Buffer.concat(parts));
        assert.ok(server.told.lastIndexOf('receivable') < server.told.indexOf('peerFinished'));
        server.call((stream) => stream.disconnect(false));
        await run(lab, () => client.closedWith !== null && server.closedWith !== null);
        assert.deepEqual([client.closedWith, server.closedWith], [NX_SUCCESS, NX_SUCCESS]);
      }),
  },
  {
    name: 'what came before the peer finished can still be received afterwards',
    check: (make) =>
      withPair(make, async ({ lab }, client, server) => {
        server.reading = false;
        assert.equal(client.send(pattern(900)), NX_SUCCESS);
        client.call((stream) => stream.disconnect(false));
        await run(lab, () => server.heard('peerFinished') > 0);
        server.take();
        assert.deepEqual(server.octets, Buffer.from(pattern(900)));
      }),
  },
  {
    name: 'an abort ends both ends at once, and the peer is told that it was no orderly end',
    check: (make) =>
      withPair(make, async ({ lab }, client, server) => {
        client.call((stream) => stream.disconnect(true));
        await run(lab, () => client.closedWith !== null && server.closedWith !== null);
        assert.notEqual(server.closedWith, NX_SUCCESS);
      }),
  },
  {
    name: 'nothing is taken once the stream is over, and the packet stays the caller’s',
    check: (make) =>
      withPair(make, async ({ lab, clientPool }, client, server) => {
        const late = client.packet(pattern(10));
        client.call((stream) => stream.disconnect(false));
        await run(lab, () => server.heard('peerFinished') > 0);
        server.call((stream) => stream.disconnect(false));
        await run(lab, () => client.closedWith !== null);
        assert.equal(
          client.call((stream) => stream.send(late)),
          NX_NOT_CONNECTED,
        );
        const free = clientPool.available;
        late.release();
        assert.equal(clientPool.available, free + 1);
        client.call((stream) => stream.disconnect(false));
      }),
  },
];
