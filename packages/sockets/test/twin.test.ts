import { describe, expect, test } from '@jest/globals';
import { modernProfile, netxProfile } from '@strata/stack';
import { Stage } from './support/recorder.ts';
import { SCENARIOS } from './support/scenarios.ts';
import { labWorld, realWorld, type World } from './support/world.ts';

const TIMED = ['an idle socket times out, once', 'traffic puts a timeout off'];

async function play(world: World, name: string): Promise<Stage['notes']> {
  const stage = new Stage(world);
  await world.run(() => (SCENARIOS[name] as (stage: Stage) => Promise<void>)(stage));
  await world.close();
  return stage.notes;
}

describe('node:net and the stack behave alike when', () => {
  for (const name of Object.keys(SCENARIOS)) {
    test(name, async () => {
      const expected = await play(realWorld(), name);
      expect(await play(labWorld({ profile: netxProfile }), name)).toEqual(expected);
      expect(await play(labWorld({ profile: modernProfile }), name)).toEqual(expected);
    });

    // Idle timers wait by the real clock and know no addresses.
    if (TIMED.includes(name)) continue;
    test(`${name}, over IPv6`, async () => {
      const expected = await play(realWorld(6), name);
      expect(await play(labWorld({ profile: netxProfile, family: 6 }), name)).toEqual(expected);
    });
  }
});
