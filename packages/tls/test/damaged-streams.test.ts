import { beforeAll, expect, test } from '@jest/globals';
import { SeededRandom } from '@strata/time';
import { TLS_1_2, TLS_1_3, TLS_STATE_CLOSED } from '../src/index.ts';
import { Authorities, ecKey } from './support/certificates.ts';
import type { MemoryStream } from './support/memory-stream.ts';
import { Rig } from './support/rig.ts';

let pki: Authorities;
let identity: { certificates: Uint8Array; key: Uint8Array };
beforeAll(() => {
  pki = new Authorities();
  const key = ecKey();
  identity = {
    certificates: pki.server({ key, keyUsage: 0x80 }),
    key: key.export({ type: 'sec1', format: 'der' }),
  };
});

/** Damages what one end sends, once, somewhere in the first 3000 octets, in one of several ways. */
function damage(stream: MemoryStream, random: SeededRandom): void {
  const position = random.below(3000);
  const kind = random.below(6);
  let seen = 0;
  stream.tamper = (bytes) => {
    const at = position - seen;
    seen += bytes.length;
    if (at < 0 || at >= bytes.length) return bytes;
    const noise = (length: number) => Buffer.from(Array.from({ length }, () => random.below(256)));
    switch (kind) {
      case 0:
        bytes[at] = (bytes[at] as number) ^ (1 + random.below(255));
        return bytes;
      case 1:
        return bytes.subarray(0, at);
      case 2:
        return Buffer.concat([bytes.subarray(0, at), noise(1 + random.below(40)), bytes.subarray(at)]);
      case 3:
        return noise(bytes.length);
      case 4:
        return Buffer.concat([bytes, bytes]);
      default:
        bytes[random.below(5)] = random.below(256);
        return bytes;
    }
  };
}

test('whatever damage a stream takes, nothing throws, no changed octet comes out, both ends come to an end, nothing leaks', async () => {
  for (let seed = 0; seed < 120; seed++) {
    const random = new SeededRandom(`damage ${seed}`);
    const rig = new Rig();
    const version = seed % 2 === 0 ? TLS_1_2 : TLS_1_3;
    const versions = { minimumVersion: version, maximumVersion: version, startTimeoutSeconds: 30 };
    const server = rig.session({ ...versions, role: 'server', identity });
    const client = rig.session({ ...versions, host: 'broker.example', trusted: [pki.rootCertificate] });
    damage(random.below(2) === 0 ? rig.a : rig.b, random);
    client.ear.onEstablished = () => void rig.send(client.session, 'question '.repeat(100));
    server.ear.onEstablished = () => void rig.send(server.session, 'answer '.repeat(100));
    server.session.start(rig.b, true);
    client.session.start(rig.a, true);
    await rig.settle();
    expect('question '.repeat(100).startsWith(server.ear.text)).toBe(true);
    expect('answer '.repeat(100).startsWith(client.ear.text)).toBe(true);
    for (const { session } of [client, server]) session.disconnect(true);
    await rig.settle();
    for (const { session, ear } of [client, server]) {
      expect(session.state).toBe(TLS_STATE_CLOSED);
      expect(ear.told.filter((one) => one === 'closed')).toEqual(['closed']);
      session.delete();
    }
    await rig.settle();
    expect(`seed ${seed}: ${rig.leaks}`).toBe(`seed ${seed}: `);
  }
});
