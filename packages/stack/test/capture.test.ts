import { describe, expect, test } from '@jest/globals';
import { dissect } from '@strata/dissect';
import { hasEtherType } from '@strata/ethernet';
import { type InterfaceEvent, MemorySink, type PacketEvent, readCapture } from '@strata/pcap-writer';
import { Lab, type LinkOptions, netxProfile } from '@strata/stack';
import { Folder } from '../../../test/support/folder.ts';
import { peerSuite } from '../../../test/support/peers.ts';
import { countFrames, expectCleanCapture } from '../../../test/support/tshark.ts';

/** A frame of a capture with what is said about it. */
interface Frame {
  readonly link: string;
  readonly packet: PacketEvent;
  readonly comments: string;
  readonly summary: string;
  readonly payload: number;
  readonly sequence: number;
  readonly from: string;
}

const FAULTS = 'link0 faults';

function framesOf(capture: Uint8Array): Frame[] {
  const links: InterfaceEvent[] = [];
  const frames: Frame[] = [];
  for (const event of readCapture(capture)) {
    if (event.kind === 'error') throw new Error(event.explanation);
    if (event.kind === 'interface') links.push(event);
    if (event.kind !== 'packet') continue;
    const { summary, tcp, ip } = dissect(event.data);
    frames.push({
      link: links[event.interfaceId]?.name ?? '',
      packet: event,
      comments: event.comments.join('\n'),
      summary,
      payload: tcp?.payloadLength ?? 0,
      sequence: tcp?.sequence ?? 0,
      from: ip?.source ?? '',
    });
  }
  return frames;
}

/** `a` sends 20,000 octets to `b`, which closes; returns the capture. */
async function transfer(options: LinkOptions): Promise<Uint8Array> {
  const sink = new MemorySink();
  const lab = new Lab({ seed: 5, profile: netxProfile, capture: sink });
  const [a, b] = [lab.host('a'), lab.host('b')];
  const bridge = lab.bridge(options);
  a.attach(bridge.a, { address: '192.0.2.1/24' });
  b.attach(bridge.b, { address: '192.0.2.2/24' });
  await lab.run(async () => {
    const served = new Promise<number>((resolve, reject) => {
      b.listen(7, (connection) => {
        void (async () => {
          let received = 0;
          for await (const bytes of connection) received += bytes.length;
          await connection.close();
          resolve(received);
        })().catch(reject);
      });
    });
    const connection = await a.connect('192.0.2.2', 7);
    await connection.send(new Uint8Array(20_000).fill(65));
    await connection.close();
    expect(await served).toBe(20_000);
  });
  await lab.close();
  return sink.bytes();
}

/** Does something to the nth full data segment. */
function nthSegment(nth: number, action: 'drop' | 'corrupt' | 'duplicate' | 'delay'): LinkOptions {
  const matches = (bytes: Uint8Array, offset: number, length: number) =>
    length > 1000 && hasEtherType(0x0800)(bytes, offset, length);
  return { faults: { chosen: [{ matches, nth, action, ...(action === 'delay' ? { delayMicroseconds: 3000 } : {}) }] } };
}

describe('a capture says why', () => {
  test('state changes are with the segments that made or followed them', async () => {
    const frames = framesOf(await transfer({}));
    expect(frames.every((frame) => frame.link === 'link0')).toBe(true);
    const syn = frames.find((frame) => frame.summary.includes('[SYN]'));
    expect(syn?.comments).toMatch(/b: .*LISTEN.*SYN_RECEIVED|b: .*CLOSED to SYN_RECEIVED/);
    const synAck = frames.find((frame) => frame.summary.includes('[SYN, ACK]'));
    expect(synAck?.comments).toMatch(/a: .*SYN_SENT to ESTABLISHED/);
    const fin = frames.find((frame) => frame.summary.includes('[FIN'));
    expect(fin?.comments).toMatch(/b: .*ESTABLISHED to CLOSE_WAIT/);
  });

  test('a lost frame is on the interface of the faults with its fate, and its retransmission says what caused it', async () => {
    const frames = framesOf(await transfer(nthSegment(6, 'drop')));
    const lost = frames.filter((frame) => frame.link === FAULTS);
    expect(lost).toHaveLength(1);
    expect(lost[0]?.comments).toMatch(/fault: lost/);
    const again = frames.filter(
      (frame) => frame.link === 'link0' && frame.sequence === lost[0]?.sequence && frame.payload > 0,
    );
    expect(again).toHaveLength(1);
    expect(again[0]?.comments).toMatch(/a: (retransmission timer expired|fast retransmit)/);
    const others = frames.filter((frame) => frame.payload > 0 && frame !== again[0]);
    expect(others.some((frame) => /retransmi/.test(frame.comments))).toBe(false);
  });

  test('a damaged frame is there as it was damaged, with the reason for which the receiver dropped it', async () => {
    const frames = framesOf(await transfer(nthSegment(5, 'corrupt')));
    const damaged = frames.filter((frame) => frame.link === FAULTS);
    expect(damaged).toHaveLength(1);
    expect(damaged[0]?.comments).toMatch(/fault: corrupted/);
    expect(damaged[0]?.comments).toMatch(/b: drop/);
    const intact = frames.filter((frame) => frame.link === 'link0' && frame.payload > 1000);
    expect(intact.some((frame) => Buffer.from(frame.packet.data).equals(damaged[0]!.packet.data))).toBe(false);
    for (const frame of frames) if (frame.link === 'link0') expect(frame.comments).not.toMatch(/: drop/);
  });

  test('a copy that the link made names the frame it repeats', async () => {
    const frames = framesOf(await transfer(nthSegment(5, 'duplicate')));
    const copies = frames.filter((frame) => frame.link === FAULTS);
    expect(copies).toHaveLength(1);
    expect(copies[0]?.comments).toMatch(/fault: duplicate; copy of frame \d+/);
    const original = Number(/copy of frame (\d+)/.exec(copies[0]?.comments ?? '')?.[1]);
    const first = frames.find((frame) => frame.packet.packetId === BigInt(original));
    expect(first?.link).toBe('link0');
    expect(first?.packet.data).toEqual(copies[0]?.packet.data);
  });
});

peerSuite(['tshark'], 'a capture under faults, read by tshark', () => {
  test('frames are malformed on the interface of the faults only', async () => {
    using folder = new Folder();
    const faults = {
      lossRate: 0.05,
      duplicateRate: 0.02,
      reorderRate: 0.03,
      corruptRate: 0.05,
      delayMicroseconds: 2000,
    };
    const file = folder.write('faults.pcapng', await transfer({ faults }));
    expect(
      await countFrames(file, `frame.interface_name == "${FAULTS}" && tcp.checksum.status == "Bad"`),
    ).toBeGreaterThan(0);
    // What Wireshark remarks about the loss itself is no fault of a frame.
    const accept =
      /^(Previous segment|ACKed segment|This frame is a \(suspected\)|TCP window specified|Connection reset)/;
    await expectCleanCapture(file, { filter: 'frame.interface_name == "link0"', accept });
  });
});
