import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Lab, MqttTlsOptions } from '@strata/stack';
import { parseCertificate, parsePem } from '@strata/tls';
import type { LabAuthority } from '@strata/tls/engine-node';
import { UserError } from '../errors.ts';
import { readReason } from '../files.ts';
import type { TlsFlags } from '../mosquitto/tls-options.ts';

/** Loads OpenSSL's engine: only when TLS is used, so that every other command starts sooner. */
export async function loadEngines() {
  return await import('@strata/tls/engine-node');
}

/** The authority of a lab that was given no certificates. With a seed, always the same one. */
export async function labAuthority(lab: Lab, seed: number | string | null): Promise<LabAuthority> {
  const { LabAuthority: Authority } = await loadEngines();
  return new Authority(lab.epochSeconds, seed);
}

/**
 * What a client's flags come to.
 * @param known PEM of an authority to trust when no other is named: the lab's own; null: there is none
 */
export async function clientTls(
  flags: TlsFlags,
  directory: string,
  host: string,
  known: string | null,
): Promise<MqttTlsOptions> {
  const { NodeTlsEngines } = await loadEngines();
  const { psk, pskIdentity, version, alpn, ciphers, cert, key } = flags;
  return {
    engines: new NodeTlsEngines(),
    host,
    ...(psk === null || pskIdentity === null
      ? { trusted: await trusted(flags, directory, known) }
      : { psks: [{ identity: pskIdentity, key: Buffer.from(psk, 'hex') }] }),
    ...(cert === null || key === null ? {} : { identity: readIdentity(cert, key, directory) }),
    ...(flags.insecure ? { allow: ['wrong-host' as const] } : {}),
    ...(version === null ? {} : { minimumVersion: version, maximumVersion: version }),
    ...(alpn === null ? {} : { alpn: [alpn] }),
    ...(ciphers === null ? {} : { ciphers }),
  };
}

async function trusted({ cafile, capath }: TlsFlags, directory: string, known: string | null): Promise<string[]> {
  if (cafile === null && capath === null) {
    if (known !== null) {
      return [known];
    }
    const { rootCertificates } = await import('node:tls');
    return [...rootCertificates];
  }
  const found = cafile === null ? [] : [readPem('--cafile', cafile, directory, 'CERTIFICATE')];
  return capath === null ? found : [...found, ...readFolder(capath, directory)];
}

/** The certificates in the files of a directory; those that hold none are passed over, as OpenSSL does. */
function readFolder(capath: string, directory: string): string[] {
  const folder = resolve(directory, capath);
  let names: string[];
  try {
    names = readdirSync(folder).sort();
  } catch (error) {
    throw unreadable('--capath', capath, error);
  }
  const found = names
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
    .map((path) => readFileSync(path, 'utf8'))
    .filter((text) => parsePem(text, 'CERTIFICATE').length > 0);
  if (found.length === 0) {
    throw new UserError({ what: `--capath ${capath}`, why: 'no file in it holds a certificate (PEM)' });
  }
  return found;
}

/** A certificate, with the chain that leads to its issuer, and its key. */
export function readIdentity(cert: string, key: string, directory: string) {
  return {
    certificates: readPem('--cert', cert, directory, 'CERTIFICATE'),
    key: readPem('--key', key, directory, '(?:RSA |EC |ENCRYPTED )?PRIVATE KEY'),
  };
}

/** The text of a PEM file that holds at least one block with this label. @throws UserError */
export function readPem(flag: string, path: string, directory: string, label: string): string {
  let text: string;
  try {
    text = readFileSync(resolve(directory, path), 'utf8');
  } catch (error) {
    throw unreadable(flag, path, error);
  }
  if (!new RegExp(`-----BEGIN ${label}-----`).test(text)) {
    const what = label === 'CERTIFICATE' ? 'certificate' : 'private key';
    throw new UserError({
      what: `${flag} ${path}`,
      why: `there is no ${what} in PEM form in it`,
      next: 'PEM begins with -----BEGIN',
    });
  }
  if (text.includes('BEGIN ENCRYPTED PRIVATE KEY') || /Proc-Type:.*ENCRYPTED/.test(text)) {
    const next = `openssl pkey -in ${path} -out plain.key takes the password away`;
    throw new UserError({ what: `${flag} ${path}`, why: 'the private key is encrypted with a password', next });
  }
  if (label === 'CERTIFICATE') checkCertificates(flag, path, text);
  return text;
}

/** @throws UserError when one of the certificates is none */
function checkCertificates(flag: string, path: string, text: string): void {
  for (const [index, certificate] of parsePem(text, 'CERTIFICATE').entries()) {
    if (parseCertificate(certificate) === null) {
      throw new UserError({
        what: `${flag} ${path}`,
        why: `certificate ${index + 1} in it is damaged`,
        next: `openssl x509 -in ${path} -text -noout shows what is in it`,
      });
    }
  }
}

/** A file that a flag names and that cannot be read. */
export function unreadable(flag: string, path: string, error: unknown): UserError {
  return new UserError({ what: `${flag} ${path}`, why: readReason(error) });
}
