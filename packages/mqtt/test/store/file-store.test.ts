import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MqttClient, type MqttExtensions, type MqttStoreChange, type MqttStoreRecord } from '@strata/mqtt';
import { FileMqttStore } from '@strata/mqtt/node';
import { SeededRandom } from '@strata/time';
import { BrokerLab } from '../scripted-broker.ts';

let folder = '';
let files = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'strata-mqtt-store-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function fresh(): string {
  return join(folder, `session-${files++}`);
}

function open(path: string, compactAbove = 65_536): FileMqttStore {
  return FileMqttStore.open(path, { fsync: false, compactAbove });
}

function put(kind: number, key: number, text: string): MqttStoreChange {
  return { op: 'put', kind, key, octets: new TextEncoder().encode(text) };
}

function seen(records: Iterable<MqttStoreRecord>): string[] {
  return [...records].map(({ kind, key, octets }) => `${kind}/${key}=${new TextDecoder().decode(octets)}`);
}

/** Opens a file of these octets and says what is in it. */
function contents(octets: Uint8Array): string[] {
  const path = fresh();
  writeFileSync(path, octets);
  const store = open(path);
  const found = seen(store.load());
  store.close();
  rmSync(path);
  return found;
}

/** Commits, and what is kept after each of them. */
function history(seed: string, commits: number): { readonly octets: Uint8Array; readonly states: string[][] } {
  const random = new SeededRandom(seed);
  const path = fresh();
  const store = open(path);
  const states = [seen(store.load())];
  for (let n = 0; n < commits; n++) {
    const changes: MqttStoreChange[] = [];
    for (let more = 1 + random.below(3); more > 0; more--) {
      const [kind, key] = [1 + random.below(6), random.below(5)];
      const choice = random.below(10);
      if (choice === 0) changes.push({ op: 'clear' });
      else if (choice < 4) changes.push({ op: 'remove', kind, key });
      else changes.push(put(kind, key, 'x'.repeat(random.below(20))));
    }
    expect(store.commit(changes, false)).toBe(0);
    states.push(seen(store.load()));
  }
  store.close();
  return { octets: readFileSync(path), states };
}

describe('the file store', () => {
  test('keeps records in the order they were put, over programs', () => {
    const path = fresh();
    let store = open(path);
    store.commit([put(2, 1, 'one'), put(2, 2, 'two'), put(2, 3, '')], true);
    store.commit([put(2, 1, 'again'), { op: 'remove', kind: 2, key: 2 }], false);
    store.close();
    store = open(path);
    expect(seen(store.load())).toEqual(['2/3=', '2/1=again']);
    expect(store.tornOctets).toBe(0);
    store.commit([{ op: 'clear' }, put(1, 0, 'me')], true);
    store.close();
    store = open(path);
    expect(seen(store.load())).toEqual(['1/0=me']);
    store.close();
  });

  test('cut off at any octet, it holds exactly the commits that were whole', () => {
    const { octets, states } = history('torn', 16);
    let at = 0;
    const found: string[][] = [];
    for (let length = 0; length <= octets.length; length++) {
      const state = contents(octets.subarray(0, length));
      if (found.length === 0 || JSON.stringify(state) !== JSON.stringify(found.at(-1))) found.push(state);
      // The state is the present one or the next one, never one in between and never an older one.
      while (at < states.length && JSON.stringify(states[at]) !== JSON.stringify(state)) at++;
      expect(at).toBeLessThan(states.length);
    }
    expect(found.at(-1)).toEqual(states.at(-1));
  });

  test('with any octet damaged it holds the commits before, and never something else', () => {
    const { octets, states } = history('flipped', 10);
    const known = new Set(states.map((state) => JSON.stringify(state)));
    for (let at = 8; at < octets.length; at++) {
      const damaged = Uint8Array.from(octets);
      damaged[at] = (damaged[at] as number) ^ (1 << (at & 7));
      expect(known).toContain(JSON.stringify(contents(damaged)));
    }
  });

  test('zeros behind the end, as a file system leaves them, are cut off; what is written then is kept', () => {
    const { octets, states } = history('zeros', 10);
    const path = fresh();
    writeFileSync(path, Buffer.concat([octets, Buffer.alloc(4096)]));
    let store = open(path);
    expect([seen(store.load()), store.tornOctets]).toEqual([states.at(-1), 4096]);
    store.commit([put(6, 9, 'after')], false);
    store.close();
    store = open(path);
    expect(seen(store.load()).at(-1)).toBe('6/9=after');
    store.close();
  });

  test('the log is written anew when most of it is past, and stays small', () => {
    const path = fresh();
    let store = open(path, 1000);
    store.commit([put(1, 0, 'stays')], false);
    for (let n = 0; n < 300; n++) {
      store.commit([put(2, n & 7, `message ${n}`)], false);
      store.commit([{ op: 'remove', kind: 2, key: n & 7 }], false);
      expect(store.octets).toBeLessThan(1100);
    }
    const left = seen(store.load());
    store.close();
    expect(statSync(path).size).toBeLessThan(1100);
    store = open(path);
    expect([seen(store.load()), left]).toEqual([['1/0=stays'], ['1/0=stays']]);
    store.close();
  });

  test('what a crash left while the log was written anew does not count', () => {
    const { octets, states } = history('anew', 10);
    const path = fresh();
    writeFileSync(path, octets);
    writeFileSync(`${path}.new`, octets.subarray(0, 20));
    const store = open(path);
    expect(seen(store.load())).toEqual(states.at(-1));
    store.close();
    expect(readdirSync(folder).filter((name) => name.endsWith('.new') || name.endsWith('.lock'))).toEqual([]);
  });

  test('is one program’s at a time; a lock that a killed program left does not count', () => {
    const path = fresh();
    const store = open(path);
    expect(() => open(path)).toThrow(/in use by process/);
    store.close();
    writeFileSync(`${path}.lock`, '999999999');
    open(path).close();
  });

  test('refuses a file that is something else, and leaves it as it is', () => {
    const path = fresh();
    writeFileSync(path, 'a letter to somebody');
    expect(() => open(path)).toThrow(/not the file of an MQTT session/);
    expect(readFileSync(path, 'utf8')).toBe('a letter to somebody');
  });

  test('a closed store takes nothing more', () => {
    const store = open(fresh());
    store.close();
    store.close();
    expect(store.commit([put(1, 1, '')], true)).not.toBe(0);
  });
});

describe('a client whose program stopped while its session was written', () => {
  test('goes on with the session from the log cut off at any octet', () => {
    const path = fresh();
    const lab = clientWith(open(path)).connected({ cleanSession: false });
    for (const text of ['1', '2', '3']) lab.client.publish('a', text, false, 2);
    lab.client.subscribe('t/#', 1);
    lab.say('90 03 00 04 01', '50 02 00 01', '34 06 00 01 62 00 07 78', '32 06 00 01 62 00 08 79', '50 02 00 02');
    lab.client.receive();
    lab.say('70 02 00 01', '62 02 00 07', '50 02 00 03', '34 06 00 01 62 00 09 7a');
    const octets = readFileSync(path);
    const shapes = new Set<string>();
    const home = new BrokerLab({ packets: 16 });
    for (let length = 0; length <= octets.length; length++) {
      const cut = fresh();
      writeFileSync(cut, octets.subarray(0, length));
      const store = open(cut);
      const next = new MqttClient({
        clientId: 'netxcli',
        time: home.time,
        pool: home.pool,
        extensions: extensionsOf(store),
      });
      const { transmitQueue, held, receiveQueue } = next.inspect();
      shapes.add(
        [...transmitQueue.map(({ id, step }) => `${id} ${step}`), `held ${held}`, receiveQueue.messages].join(', '),
      );
      next.delete();
      expect(home.pool.available).toBe(home.pool.total);
      store.close();
      rmSync(cut);
    }
    // In the order in which it happened: each step is a state of its own, and there are no others.
    expect([...shapes]).toEqual([
      'held , 0',
      '1 awaits PUBREC, held , 0',
      '1 awaits PUBREC, 2 awaits PUBREC, held , 0',
      '1 awaits PUBREC, 2 awaits PUBREC, 3 awaits PUBREC, held , 0',
      '1 awaits PUBCOMP, 2 awaits PUBREC, 3 awaits PUBREC, held , 0',
      '1 awaits PUBCOMP, 2 awaits PUBREC, 3 awaits PUBREC, held 7, 1',
      '1 awaits PUBCOMP, 2 awaits PUBREC, 3 awaits PUBREC, held 7, 2',
      '1 awaits PUBCOMP, 2 awaits PUBCOMP, 3 awaits PUBREC, held 7, 2',
      '1 awaits PUBCOMP, 2 awaits PUBCOMP, 3 awaits PUBREC, held 7, 1',
      '2 awaits PUBCOMP, 3 awaits PUBREC, held 7, 1',
      '2 awaits PUBCOMP, 3 awaits PUBREC, held , 1',
      '2 awaits PUBCOMP, 3 awaits PUBCOMP, held , 1',
      '2 awaits PUBCOMP, 3 awaits PUBCOMP, held 9, 2',
    ]);
    lab.end();
  });
});

function extensionsOf(store: FileMqttStore): MqttExtensions {
  return { qos2: true, store, reconnect: { random: new SeededRandom('cut off') } };
}

function clientWith(store: FileMqttStore): BrokerLab {
  return new BrokerLab({ packets: 16, client: { extensions: extensionsOf(store) } });
}
