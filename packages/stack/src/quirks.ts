import { MQTT_QUIRKS, type MqttQuirk } from '@strata/mqtt';
import { TCP_QUIRKS, type TcpQuirk, tcpQuirks } from '@strata/tcp';
import type { Profile } from './profile.ts';

/** A defect of NetX Duo 6.4 by name. None is on unless asked for: they corrupt, lose or hang. */
export type Quirk = TcpQuirk | MqttQuirk;

/** Every defect that can be switched on. */
export const QUIRKS: readonly Quirk[] = [...TCP_QUIRKS, ...MQTT_QUIRKS];

/** All of them together, by one name: `quirks: ['netx-6.4']`. */
export const ALL_QUIRKS = 'netx-6.4';

/**
 * The profile with defects of the real stack switched on, so that it can be seen whether an application survives them.
 * @throws RangeError for a name that is none
 */
export function withQuirks(profile: Profile, names: readonly string[]): Profile {
  for (const name of names) {
    if (name !== ALL_QUIRKS && !QUIRKS.some((quirk) => quirk === name)) {
      throw new RangeError(`"${name}" is no quirk; they are ${[ALL_QUIRKS, ...QUIRKS].join(', ')}`);
    }
  }
  const quirks = QUIRKS.filter((quirk) => names.includes(ALL_QUIRKS) || names.includes(quirk));
  return { ...profile, quirks, tcp: { ...profile.tcp, quirks: tcpQuirks(quirks) } };
}

/** Those of the names that are the MQTT client's. */
export function mqttQuirks(quirks: readonly Quirk[]): MqttQuirk[] {
  return MQTT_QUIRKS.filter((quirk) => quirks.includes(quirk));
}
