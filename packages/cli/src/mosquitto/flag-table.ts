/** Which of the two tools takes a flag. */
export type Tool = 'pub' | 'sub';

/** One flag of mosquitto_pub or mosquitto_sub. */
export interface ToolFlag {
  /** All spellings; the first is the name used in this source. */
  readonly names: readonly [string, ...string[]];
  readonly tools: readonly Tool[];
  /** What the value is called in the help, or null for a flag without one. */
  readonly value: string | null;
  readonly describe: string;
}

const BOTH: readonly Tool[] = ['pub', 'sub'];
const PUB: readonly Tool[] = ['pub'];
const SUB: readonly Tool[] = ['sub'];

/** The flags that work here as they do there. */
export const TOOL_FLAGS: readonly ToolFlag[] = [
  { names: ['-t', '--topic'], tools: BOTH, value: 'TOPIC', describe: 'topic; sub: may be repeated, with wildcards' },
  { names: ['-m', '--message'], tools: PUB, value: 'TEXT', describe: 'publish this message' },
  { names: ['-f', '--file'], tools: PUB, value: 'FILE', describe: 'publish the contents of a file' },
  { names: ['-l', '--stdin-line'], tools: PUB, value: null, describe: 'publish each line of stdin as a message' },
  { names: ['-s', '--stdin-file'], tools: PUB, value: null, describe: 'publish all of stdin as one message' },
  { names: ['-n', '--null-message'], tools: PUB, value: null, describe: 'publish a message of zero length' },
  { names: ['-r', '--retain'], tools: PUB, value: null, describe: 'let the broker retain the message' },
  { names: ['--repeat'], tools: PUB, value: 'N', describe: 'publish N times (with -m, -f, -n, -s)' },
  { names: ['--repeat-delay'], tools: PUB, value: 'SECONDS', describe: 'pause between repetitions (default 0)' },
  { names: ['-C'], tools: SUB, value: 'N', describe: 'end after N messages' },
  { names: ['-W'], tools: SUB, value: 'SECONDS', describe: 'end after so many seconds, with exit code 27' },
  { names: ['-v', '--verbose'], tools: SUB, value: null, describe: 'print the topic before the payload' },
  { names: ['-N'], tools: SUB, value: null, describe: 'print no end of line after the payload' },
  {
    names: ['-F'],
    tools: SUB,
    value: 'FORMAT',
    describe: 'print in this format: %t topic, %p payload, %I time, %q, %r, %j',
  },
  { names: ['--pretty'], tools: SUB, value: null, describe: 'with -F %j or %J: print the JSON over several lines' },
  { names: ['-R'], tools: SUB, value: null, describe: 'print no retained messages' },
  {
    names: ['--retained-only'],
    tools: SUB,
    value: null,
    describe: 'print retained messages, end at the first other one',
  },
  {
    names: ['--remove-retained'],
    tools: SUB,
    value: null,
    describe: 'let the broker forget the retained messages that come; -T keeps some',
  },
  { names: ['--random-filter'], tools: SUB, value: 'PERCENT', describe: 'print this share of the messages only' },
  {
    names: ['-T', '--filter-out'],
    tools: SUB,
    value: 'FILTER',
    describe: 'print no messages of these topics; may be repeated',
  },
  {
    names: ['-U', '--unsubscribe'],
    tools: SUB,
    value: 'FILTER',
    describe: 'also unsubscribe from this filter; may be repeated',
  },
  { names: ['-E'], tools: SUB, value: null, describe: 'end once all subscriptions are acknowledged' },
  { names: ['-q', '--qos'], tools: BOTH, value: 'QOS', describe: 'quality of service (default 0)' },
  { names: ['-h', '--host'], tools: BOTH, value: 'HOST', describe: 'address of the broker (default: see below)' },
  { names: ['-p', '--port'], tools: BOTH, value: 'PORT', describe: 'its TCP port (default 1883, with TLS 8883)' },
  { names: ['-L', '--url'], tools: BOTH, value: 'URL', describe: 'mqtt[s]://[user[:password]@]host[:port]/topic' },
  { names: ['-i', '--id'], tools: BOTH, value: 'ID', describe: 'client id (default: derived from the seed)' },
  { names: ['-I', '--id-prefix'], tools: BOTH, value: 'PREFIX', describe: 'client id: this with a number appended' },
  { names: ['-u', '--username'], tools: BOTH, value: 'NAME', describe: 'user name' },
  { names: ['-P', '--pw'], tools: BOTH, value: 'PASSWORD', describe: 'password' },
  { names: ['-k', '--keepalive'], tools: BOTH, value: 'SECONDS', describe: 'keep-alive, 5 to 65535 (default 60)' },
  { names: ['-c', '--disable-clean-session'], tools: BOTH, value: null, describe: 'persistent session; needs -i' },
  { names: ['-V', '--protocol-version'], tools: BOTH, value: 'VERSION', describe: 'mqttv311 is the one there is' },
  { names: ['-M'], tools: BOTH, value: 'N', describe: 'messages of QoS 1 and 2 in flight at most (default: no limit)' },
  { names: ['--reconnect'], tools: BOTH, value: null, describe: 'connect again when the connection is lost' },
  { names: ['--store'], tools: BOTH, value: 'FILE', describe: 'keep the session in this file; needs -c' },
  {
    names: ['--chained-packets'],
    tools: BOTH,
    value: null,
    describe: 'send and receive messages larger than the pool, up to 256 MB',
  },
  {
    names: ['--inspect'],
    tools: BOTH,
    value: null,
    describe: 'print the session as JSON on stderr at each of its steps',
  },
  { names: ['-d', '--debug'], tools: BOTH, value: null, describe: 'print each MQTT packet sent and received' },
  { names: ['--quiet'], tools: BOTH, value: null, describe: 'print no errors' },
  { names: ['--will-topic'], tools: BOTH, value: 'TOPIC', describe: 'leave a will on this topic' },
  { names: ['--will-payload'], tools: BOTH, value: 'TEXT', describe: 'payload of the will' },
  { names: ['--will-qos'], tools: BOTH, value: 'QOS', describe: 'QoS of the will (default 0)' },
  { names: ['--will-retain'], tools: BOTH, value: null, describe: 'let the broker retain the will' },
  { names: ['--cafile'], tools: BOTH, value: 'FILE', describe: 'TLS: trust the authorities in this PEM file' },
  {
    names: ['--capath'],
    tools: BOTH,
    value: 'DIRECTORY',
    describe: 'TLS: trust those in the PEM files of a directory',
  },
  { names: ['--tls-use-os-certs'], tools: BOTH, value: null, describe: 'TLS: trust the authorities that Node knows' },
  { names: ['--cert'], tools: BOTH, value: 'FILE', describe: 'TLS: show this certificate (PEM); needs --key' },
  { names: ['--key'], tools: BOTH, value: 'FILE', describe: 'TLS: its private key (PEM)' },
  { names: ['--insecure'], tools: BOTH, value: null, describe: 'TLS: let the broker be another host than it shows' },
  { names: ['--tls-version'], tools: BOTH, value: 'VERSION', describe: 'TLS: only tlsv1.2, or only tlsv1.3' },
  { names: ['--tls-alpn'], tools: BOTH, value: 'PROTOCOL', describe: 'TLS: application protocol to offer' },
  { names: ['--ciphers'], tools: BOTH, value: 'LIST', describe: "TLS: cipher suites, in OpenSSL's notation" },
  { names: ['--psk'], tools: BOTH, value: 'KEY', describe: 'TLS: shared key, hexadecimal, instead of certificates' },
  { names: ['--psk-identity'], tools: BOTH, value: 'NAME', describe: 'TLS: name of the shared key' },
  { names: ['--nodelay'], tools: BOTH, value: null, describe: 'accepted: NetX never delays small segments' },
];

/** Flags of the same tools that ask for something that is not there. Their value keeps the others in step. */
export const REFUSED_FLAGS: readonly {
  readonly names: readonly string[];
  readonly value: boolean;
  readonly why: string;
}[] = [
  ...['--keyform', '--tls-engine', '--tls-engine-kpass-sha1'].map((name) => ({
    names: [name],
    value: true,
    why: 'keys are read from files; there are no OpenSSL engines',
  })),
  { names: ['--proxy'], value: true, why: 'the stack has no SOCKS client' },
  { names: ['--unix'], value: true, why: 'the connection runs over the stack, not over a Unix socket' },
  { names: ['-A'], value: true, why: 'the stack has the address given with --address' },
  { names: ['-S'], value: false, why: 'the stack looks up no SRV records' },
  { names: ['-D', '--property'], value: true, why: 'properties belong to MQTT 5, and the client speaks MQTT 3.1.1' },
  { names: ['-x'], value: true, why: 'session expiry belongs to MQTT 5, and the client speaks MQTT 3.1.1' },
  { names: ['--retain-as-published'], value: false, why: 'it belongs to MQTT 5, and the client speaks MQTT 3.1.1' },
];

/** The flag of a tool that a word spells, or undefined. */
export function findFlag(tool: Tool, word: string): ToolFlag | undefined {
  return TOOL_FLAGS.find((flag) => flag.tools.includes(tool) && flag.names.includes(word));
}
