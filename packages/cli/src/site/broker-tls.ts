import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { HostTlsOptions, MqttTlsOptions } from '@strata/stack';
import type { TlsIdentity, TlsPsk } from '@strata/tls';
import { formatAddress } from '@strata/wire';
import type { Argv } from 'yargs';
import { UsageError, UserError } from '../errors.ts';
import { cannotWrite } from '../files.ts';
import { type Arguments, given, text, texts } from '../flags/arguments.ts';
import { readVersion } from '../mosquitto/tls-options.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { LoopbackSite } from './loopback-site.ts';
import type { TapSite } from './tap-site.ts';
import { labAuthority, loadEngines, readIdentity, readPem, unreadable } from './tls-material.ts';

const GROUP = 'TLS:';
const DEFAULT_FOLDER = 'strata-certificates';

const FLAGS: readonly (readonly [flag: string, describe: string])[] = [
  ['cert', "<FILE> the broker's certificate (PEM, with its chain); needs --key"],
  ['key', '<FILE> its private key (PEM)'],
  ['cafile', '<FILE> who may sign the certificates of clients (PEM)'],
  ['psk-file', '<FILE> shared keys instead of certificates: lines NAME:HEXADECIMAL'],
  ['psk-hint', '<TEXT> hint that TLS 1.2 clients are given'],
  ['tls-version', '<VERSION> only tlsv1.2, or only tlsv1.3'],
  ['tls-alpn', '<NAME> application protocol to agree on'],
  ['ciphers', "<LIST> cipher suites, in OpenSSL's notation"],
  ['certificates', `<FOLDER> directory for certificates made for this run (default with --tap: ${DEFAULT_FOLDER})`],
];

/** Declares the flags of a broker's TLS. */
export function declareBrokerTlsFlags(program: Argv): Argv {
  program.option('tls', { group: GROUP, type: 'boolean', describe: 'TLS, with certificates made for it unless given' });
  for (const [flag, describe] of FLAGS) {
    program.option(flag, { group: GROUP, type: 'string', requiresArg: true, describe });
  }
  return program.option('require-certificate', {
    group: GROUP,
    type: 'boolean',
    describe: 'clients must show a certificate',
  }) as Argv;
}

/** How a broker is secured, and how a client of the same lab gets in. */
export interface BrokerSecurity {
  readonly server: HostTlsOptions;
  readonly client: MqttTlsOptions;
  /** For the line that says that the broker is up. */
  readonly summary: string;
}

/** Reads the flags; null without TLS. Certificates made for the run are written where clients find them. */
export async function brokerSecurity(
  args: Arguments,
  terminal: Terminal,
  site: LoopbackSite | TapSite,
): Promise<BrokerSecurity | null> {
  const [cert, key, pskFile] = [text(args, 'cert'), text(args, 'key'), text(args, 'psk-file')];
  const isSecure = given(args, 'tls') || cert !== undefined || pskFile !== undefined;
  if (!isSecure) {
    const useless = given(args, 'require-certificate')
      ? 'require-certificate'
      : FLAGS.map(([flag]) => flag).find((flag) => text(args, flag) !== undefined);
    if (useless !== undefined) {
      throw new UsageError(`--${useless} needs TLS`, undefined, 'add --tls, --cert with --key, or --psk-file');
    }
    return null;
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError('--cert and --key are used together', 'a certificate is shown with its private key');
  }
  const { directory } = terminal.surroundings;
  const { NodeTlsEngines } = await loadEngines();
  const engines = new NodeTlsEngines();
  const shared = { engines, ...readShared(args) };
  if (pskFile !== undefined) {
    const psks = readPsks(pskFile, directory);
    const hint = text(args, 'psk-hint');
    const server = { ...shared, psks, ...(hint === undefined ? {} : { pskHint: hint }) };
    return { server, client: { engines, psks: psks.slice(0, 1) }, summary: ', TLS with shared keys' };
  }
  const own = cert === undefined || key === undefined ? null : readIdentity(cert, key, directory);
  return await withCertificates(args, terminal, site, shared, own);
}

async function withCertificates(
  args: Arguments,
  terminal: Terminal,
  site: LoopbackSite | TapSite,
  shared: HostTlsOptions,
  own: TlsIdentity | null,
): Promise<BrokerSecurity> {
  const { engines } = shared;
  const { directory } = terminal.surroundings;
  const isLoopback = site instanceof LoopbackSite;
  const authority = await labAuthority(site.lab, isLoopback ? site.lab.seed : null);
  const host = isLoopback ? site.broker : site.device;
  const addresses = texts(args, 'address').map((prefix) => prefix.split('/')[0]);
  const hosts = [...new Set([formatAddress(host.localAddress), ...addresses, 'broker'])];
  const identity = own ?? authority.issue({ commonName: 'broker', purpose: 'server', hosts });
  const clientIdentity = authority.issue({ commonName: 'device', purpose: 'client' });
  const cafile = text(args, 'cafile');
  const clientCas =
    cafile === undefined ? authority.certificate : readPem('--cafile', cafile, directory, 'CERTIFICATE');
  const required = given(args, 'require-certificate');
  const folder = text(args, 'certificates') ?? (isLoopback ? undefined : DEFAULT_FOLDER);
  const makes = own === null || (required && cafile === undefined);
  let summary = ', TLS';
  if (makes && folder !== undefined) {
    save(resolve(directory, folder), folder, authority.certificate, clientIdentity);
    summary = `, TLS; clients trust ${join(folder, 'ca.pem')}${required ? `, and show ${join(folder, 'client.pem')}` : ''}`;
  }
  const trusted = own === null ? authority.certificate : (own.certificates as string);
  return {
    server: {
      ...shared,
      identity,
      ...(required || cafile !== undefined
        ? { trusted: [clientCas], clientCertificate: required ? ('required' as const) : ('optional' as const) }
        : {}),
    },
    client: {
      engines,
      trusted: [trusted],
      ...(own === null ? {} : { allow: ['wrong-host' as const] }),
      ...(required ? { identity: clientIdentity } : {}),
    },
    summary,
  };
}

function readShared(args: Arguments): Pick<HostTlsOptions, 'minimumVersion' | 'maximumVersion' | 'alpn' | 'ciphers'> {
  const [version, alpn, ciphers] = [text(args, 'tls-version'), text(args, 'tls-alpn'), text(args, 'ciphers')];
  const number = version === undefined ? null : readVersion(version);
  return {
    ...(number === null ? {} : { minimumVersion: number, maximumVersion: number }),
    ...(alpn === undefined ? {} : { alpn: [alpn] }),
    ...(ciphers === undefined ? {} : { ciphers }),
  };
}

/** Reads Mosquitto's form of a file of shared keys. */
function readPsks(path: string, directory: string): TlsPsk[] {
  let content: string;
  try {
    content = readFileSync(resolve(directory, path), 'utf8');
  } catch (error) {
    throw unreadable('--psk-file', path, error);
  }
  const psks: TlsPsk[] = [];
  for (const [index, line] of content.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) {
      continue;
    }
    const parts = /^([^:]+):((?:[0-9a-fA-F]{2})+)\s*$/.exec(line);
    if (parts === null) {
      throw new UserError({ what: `--psk-file ${path}`, why: `line ${index + 1} is not NAME:HEXADECIMAL` });
    }
    psks.push({ identity: parts[1], key: Buffer.from(parts[2], 'hex') });
  }
  if (psks.length === 0) {
    throw new UserError({ what: `--psk-file ${path}`, why: 'there is no key in it' });
  }
  return psks;
}

function save(folder: string, name: string, authority: string, client: TlsIdentity): void {
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'ca.pem'), authority);
    writeFileSync(join(folder, 'client.pem'), client.certificates as string);
    writeFileSync(join(folder, 'client.key'), client.key as string, { mode: 0o600 });
  } catch (error) {
    throw cannotWrite('--certificates FOLDER', name, error);
  }
}
