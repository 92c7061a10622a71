import { readFileSync } from 'node:fs';
import * as contracts from '@strata/contracts';
import { dataFile } from '../data.ts';
import { DNS_EXPLANATIONS } from './dns.ts';
import type { Explanation, Explanations } from './explanation.ts';
import { MQTT_EXPLANATIONS } from './mqtt.ts';
import { NX_EXPLANATIONS } from './nx.ts';
import { TLS_EXPLANATIONS } from './tls.ts';
import { TX_EXPLANATIONS } from './tx.ts';
import { X509_EXPLANATIONS } from './x509.ts';

/** One status: its name, number, the part of NetX Duo it belongs to, and what is said about it. */
export interface StatusEntry extends Explanation {
  readonly name: string;
  readonly value: number;
  readonly family: string;
  /** Services that return it, by their documentation. */
  readonly services: readonly string[];
}

/** One drop reason. */
export interface DropEntry {
  readonly name: string;
  readonly value: number;
  readonly layer: string;
  readonly sentence: string;
}

const TEXTS: readonly Explanations[] = [
  NX_EXPLANATIONS,
  TX_EXPLANATIONS,
  MQTT_EXPLANATIONS,
  DNS_EXPLANATIONS,
  TLS_EXPLANATIONS,
  X509_EXPLANATIONS,
];

/** Prefixes in order: the first that fits names the family. */
const FAMILIES: readonly (readonly [prefix: string, family: string])[] = [
  ['NXD_MQTT_', 'MQTT client'],
  ['NX_WEBSOCKET_', 'WebSocket client'],
  ['NX_DNS_', 'DNS client'],
  ['NX_SECURE_TLS_', 'NetX Secure TLS'],
  ['NX_SECURE_DTLS_', 'NetX Secure DTLS'],
  ['NX_SECURE_', 'NetX Secure X.509'],
  ['NX_CRYPTO_', 'NetX Crypto'],
  ['NX_CRYTPO_', 'NetX Crypto'],
  ['NX_', 'NetX Duo'],
  ['TX_', 'ThreadX'],
];

/** Names that documentation and programs use for a status whose header spells it otherwise. */
export const OTHER_SPELLINGS: Readonly<Record<string, string>> = {
  NXD_MQTT_ERROR_IDENTIFIER_REJECTED: 'NXD_MQTT_ERROR_IDENTIFYIER_REJECTED',
  NXD_MQTT_INSUFFICIENT_BUFFER_SIZE: 'NXD_MQTT_INSUFFICIENT_BUFFER_SPACE',
  NX_CRYPTO_MISSING_ECC_CURVE: 'NX_CRYTPO_MISSING_ECC_CURVE',
  NX_NOT_SUPPORT: 'NX_NOT_SUPPORTED',
};

const DROPS: readonly (readonly [layer: string, reasons: readonly contracts.DropDescription[]])[] = [
  ['ethernet', contracts.DROP_ETHERNET],
  ['arp', contracts.DROP_ARP],
  ['ip', contracts.DROP_IPV4],
  ['icmp', contracts.DROP_ICMP],
  ['ip', contracts.DROP_FRAGMENT],
  ['ip', contracts.DROP_IPV6],
  ['ip', contracts.DROP_MULTICAST],
  ['udp', contracts.DROP_UDP],
  ['tcp', contracts.DROP_TCP],
  ['mqtt', contracts.DROP_MQTT],
];

function readServices(): Map<string, string[]> {
  const returns = JSON.parse(readFileSync(dataFile('netx-returns.json'), 'utf8')) as Record<string, string>;
  const services = new Map<string, string[]>();
  for (const [service, names] of Object.entries(returns)) {
    for (const name of names.split(' ')) {
      const list = services.get(name);
      if (list === undefined) {
        services.set(name, [service]);
      } else {
        list.push(service);
      }
    }
  }
  return services;
}

/** Every status with its explanation, by number. */
export function statusEntries(): readonly StatusEntry[] {
  const services = readServices();
  const values = contracts as unknown as Readonly<Record<string, number>>;
  const entries = TEXTS.flatMap((texts) =>
    Object.entries(texts).map(
      ([name, text]): StatusEntry => ({
        name,
        value: values[name],
        family: FAMILIES.find(([prefix]) => name.startsWith(prefix))?.[1] ?? '',
        ...text,
        services: services.get(name) ?? [],
      }),
    ),
  );
  return entries.sort((one, other) => one.value - other.value);
}

/** Every drop reason of every layer. */
export function dropEntries(): readonly DropEntry[] {
  return DROPS.flatMap(([layer, reasons]) =>
    reasons.map(([value, name, sentence]) => ({ name, value, layer, sentence })),
  );
}
