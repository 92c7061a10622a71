import { UsageError } from '../errors.ts';

/** What a tool's flags say about TLS, as mosquitto_pub and mosquitto_sub have them. */
export interface TlsFlags {
  readonly cafile: string | null;
  readonly capath: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  /** Let the server be another host than its certificate says. */
  readonly insecure: boolean;
  /** The only version spoken, as on the wire; null: 1.2 and 1.3. */
  readonly version: number | null;
  readonly alpn: string | null;
  readonly ciphers: string | null;
  /** Hexadecimal. */
  readonly psk: string | null;
  readonly pskIdentity: string | null;
}

export const MQTT_PORT = 1883;
export const MQTT_TLS_PORT = 8883;

const VERSIONS: ReadonlyMap<string, number> = new Map([
  ['tlsv1.2', 0x0303],
  ['tlsv1.3', 0x0304],
]);

/** Flags that only mean something together with TLS. */
const DEPENDENT = ['--cert', '--key', '--insecure', '--tls-version', '--tls-alpn', '--ciphers'];

/**
 * Reads the TLS flags, and the port that goes with them. TLS is used with --cafile, --capath, --tls-use-os-certs or --psk,
 * with mqtts://, and on port 8883, as the tools have it.
 * @param value the last value of a flag, or undefined
 * @param port what was asked for; null: nothing
 */
export function readTlsFlags(
  value: (flag: string) => string | undefined,
  port: number | null,
  isSecureUrl: boolean,
): { readonly tls: TlsFlags | null; readonly port: number } {
  const cafile = value('--cafile') ?? null;
  const capath = value('--capath') ?? null;
  const psk = value('--psk') ?? null;
  const pskIdentity = value('--psk-identity') ?? null;
  const asked = cafile !== null || capath !== null || psk !== null || value('--tls-use-os-certs') !== undefined;
  const isSecure = asked || isSecureUrl || port === MQTT_TLS_PORT;
  const chosen = port ?? (isSecure ? MQTT_TLS_PORT : MQTT_PORT);
  const version = value('--tls-version');
  if (!isSecure) {
    const useless = [...DEPENDENT, '--psk-identity'].find((flag) => value(flag) !== undefined);
    if (useless !== undefined) {
      throw new UsageError(
        useless === '--psk-identity' ? '--psk-identity needs --psk' : `${useless} needs TLS`,
        undefined,
        'give --cafile FILE, --capath DIRECTORY or --psk KEY, or use port 8883',
      );
    }
    return { tls: null, port: chosen };
  }
  if (psk !== null && (cafile !== null || capath !== null)) {
    throw new UsageError('--psk and --cafile', 'a shared key takes the place of certificates: give one of them');
  }
  if ((psk === null) !== (pskIdentity === null)) {
    throw new UsageError(`${psk === null ? '--psk-identity needs --psk' : '--psk needs --psk-identity'}`);
  }
  if (psk !== null && !/^(?:[0-9a-fA-F]{2})+$/.test(psk)) {
    throw new UsageError(`--psk ${psk}`, 'the key is written in hexadecimal, without 0x', '--psk 1a2b3c4d');
  }
  const cert = value('--cert') ?? null;
  const key = value('--key') ?? null;
  if ((cert === null) !== (key === null)) {
    throw new UsageError('--cert and --key are used together', 'a certificate is shown with its private key');
  }
  return {
    tls: {
      cafile,
      capath,
      cert,
      key,
      insecure: value('--insecure') !== undefined,
      version: version === undefined ? null : readVersion(version),
      alpn: value('--tls-alpn') ?? null,
      ciphers: value('--ciphers') ?? null,
      psk,
      pskIdentity,
    },
    port: chosen,
  };
}

/** Reads `tlsv1.2` or `tlsv1.3`. */
export function readVersion(text: string): number {
  const version = VERSIONS.get(text.toLowerCase());
  if (version === undefined) {
    const old = /^tlsv1(\.[01])?$/i.test(text);
    throw new UsageError(
      `--tls-version ${text}`,
      old ? 'TLS 1.0 and 1.1 are broken (RFC 8996)' : 'there is no such version',
      'give tlsv1.2 or tlsv1.3',
    );
  }
  return version;
}
