import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { NX_SECURE_TLS_ALERT_RECEIVED, NX_SECURE_TLS_NO_CLOSE_RESPONSE, NX_SUCCESS } from '@strata/contracts';
import { TLS_1_2, TLS_1_3, TLS_STATE_OPEN } from '@strata/tls';
import { Authorities, keyPem, pem } from '../../packages/tls/test/support/certificates.ts';
import { StreamDuplex } from '../../packages/tls/test/support/memory-stream.ts';
import { Rig } from '../../packages/tls/test/support/rig.ts';
import { Folder } from '../support/folder.ts';
import { peerSuite, peerTool } from '../support/peers.ts';
import { Running } from '../support/process.ts';

type Options = Parameters<Rig['session']>[0];
type Ends = ReturnType<Rig['session']>;

let pki: Authorities;
let folder: Folder;

/** A session of ours, and `openssl s_server` or `s_client` over a real connection. */
class Link {
  readonly rig = new Rig();
  readonly openssl: Running;
  session: Ends['session'];
  ear: Ends['ear'];
  private readonly socket: Socket;
  private readonly far: StreamDuplex;
  private readonly chopped: boolean;
  /** What OpenSSL has sent, and the session does not have yet. */
  private readonly pending: Buffer[] = [];
  private finished = false;
  private wake: () => void = () => undefined;

  /** @param chopped what comes from OpenSSL arrives octet by octet */
  constructor(openssl: Running, socket: Socket, options: Options, chopped = false) {
    this.openssl = openssl;
    this.socket = socket;
    this.chopped = chopped;
    this.far = new StreamDuplex(this.rig.b);
    ({ session: this.session, ear: this.ear } = this.rig.session(options));
    this.far.pipe(socket);
    socket.on('data', (bytes: Buffer) => {
      this.pending.push(bytes);
      this.wake();
    });
    socket.on('close', () => {
      this.finished = true;
      this.wake();
    });
    socket.on('error', () => undefined);
    openssl.child.stdout?.on('data', () => this.wake());
    this.session.start(this.rig.a, true);
  }

  /** Runs until it is so. */
  async until(condition: () => boolean): Promise<this> {
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      await this.pass();
      if (condition()) return this;
      if (this.pending.length === 0) await changed;
    }
  }

  /** Hands the session what has come. */
  private async pass(): Promise<void> {
    await this.rig.settle();
    for (let bytes = this.pending.shift(); bytes !== undefined; bytes = this.pending.shift()) {
      const size = this.chopped ? 1 : bytes.length;
      for (let at = 0; at < bytes.length; at += size) {
        this.far.write(bytes.subarray(at, at + size));
        await this.rig.settle();
      }
    }
    if (this.finished && !this.far.writableEnded) {
      this.far.end();
      await this.rig.settle();
    }
  }

  get isOver(): boolean {
    return this.ear.closedWith !== null;
  }

  say(text: string): void {
    this.openssl.child.stdin?.write(text);
  }

  /** Text both ways. */
  async exchange(text: string): Promise<this> {
    expect(this.rig.send(this.session, `${text}\n`)).toBe(NX_SUCCESS);
    await this.until(() => this.openssl.stdout.includes(text));
    this.say(`back ${text}\n`);
    return this.until(() => this.ear.text.includes(`back ${text}\n`));
  }

  /** All is let go of. */
  async end(): Promise<void> {
    this.session.disconnect(true);
    this.socket.destroy();
    await this.openssl.stop('SIGKILL');
    this.session.delete();
    this.ear.takeAll();
    await this.rig.settle();
    expect(this.rig.leaks).toBe('');
  }
}

const CERTIFICATE = ['-cert', 'server.pem', '-key', 'server.key'];
const PSK = ['-nocert', '-psk', '1a2b3c4d', '-psk_identity', 'device-7'];
const psks = [{ identity: 'device-7', key: Buffer.from('1a2b3c4d', 'hex') }];

async function toServer(args: readonly string[], options: Options = {}, chopped = false): Promise<Link> {
  const server = new Running(peerTool('openssl'), ['s_server', '-accept', '127.0.0.1:0', ...args], {
    cwd: folder.path,
    keepInputOpen: true,
  });
  const [, port] = await server.waitFor(/^ACCEPT .*:(\d+)$/);
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  const trusted = args.includes('-nocert') ? {} : { host: 'broker.example', trusted: [pki.rootCertificate] };
  return new Link(server, socket, { ...trusted, ...options }, chopped);
}

async function toClient(args: readonly string[], options: Options = {}): Promise<Link> {
  const door = createServer().listen(0, '127.0.0.1');
  await once(door, 'listening');
  const { port } = door.address() as AddressInfo;
  const client = new Running(peerTool('openssl'), ['s_client', '-connect', `127.0.0.1:${port}`, ...args], {
    cwd: folder.path,
    keepInputOpen: true,
  });
  const [socket] = (await once(door, 'connection')) as [Socket];
  door.close();
  return new Link(client, socket, { role: 'server', ...options });
}

const only = (version: number) => ({ minimumVersion: version, maximumVersion: version });

peerSuite(['openssl'], 'TLS with OpenSSL’s own programs', () => {
  beforeAll(() => {
    pki = new Authorities();
    folder = new Folder();
    folder.write('server.pem', pem(pki.server()));
    folder.write('server.key', keyPem(pki.serverKey));
    folder.write('root.pem', pem(pki.rootCertificate));
  });
  afterAll(() => folder[Symbol.dispose]());

  const identity = () => ({ identity: { certificates: pki.client(), key: keyPem(pki.clientKey) } });
  const ASK = ['-Verify', '1', '-CAfile', 'root.pem', '-verify_return_error', '-no_check_time'];

  test.each<[string, readonly string[], () => Options]>([
    ['TLS 1.2', ['-tls1_2', ...CERTIFICATE], () => ({})],
    ['TLS 1.3', ['-tls1_3', ...CERTIFICATE], () => only(TLS_1_3)],
    ['TLS 1.3 after HelloRetryRequest', ['-tls1_3', '-groups', 'P-521', ...CERTIFICATE], () => ({})],
    [
      'small records, many session tickets',
      ['-max_send_frag', '512', '-num_tickets', '20', ...CERTIFICATE],
      () => ({}),
    ],
    ['a shared key, TLS 1.2', ['-tls1_2', ...PSK], () => ({ psks })],
    ['a shared key, TLS 1.3', ['-tls1_3', ...PSK], () => ({ psks })],
    ['a client’s certificate', [...ASK, ...CERTIFICATE], identity],
    ['an application protocol', ['-alpn', 'mqtt', ...CERTIFICATE], () => ({ alpn: ['mqtt'] })],
  ])('s_server: %s', async (_what, args, options) => {
    const link = await toServer(args, options());
    await link.until(() => link.session.state === TLS_STATE_OPEN || link.isOver);
    expect(link.session.explain()).toBe('');
    await link.exchange('x'.repeat(6000));
    await link.end();
  });

  test('s_server: every record octet by octet', async () => {
    const link = await toServer(CERTIFICATE, {}, true);
    await link.until(() => link.session.state === TLS_STATE_OPEN);
    await link.exchange('octets');
    await link.end();
  });

  test('keys are updated as often as either side asks', async () => {
    for (const link of [
      await toServer(['-tls1_3', ...CERTIFICATE]),
      await toClient(['-tls1_3'], { identity: { certificates: pki.server(), key: keyPem(pki.serverKey) } }),
    ]) {
      await link.until(() => link.session.state === TLS_STATE_OPEN);
      for (const command of ['K', 'k', 'K']) {
        link.say(`${command}\n`);
        await link.exchange(`after ${command}`);
      }
      await link.end();
    }
  });

  test('renegotiation is refused, and the session goes on or ends with a reason', async () => {
    const server = await toServer(['-tls1_2', ...CERTIFICATE]);
    await server.until(() => server.session.state === TLS_STATE_OPEN);
    server.say('r\n');
    await server.until(() => server.isOver);
    expect(server.session.failure()).toMatchObject({ status: NX_SECURE_TLS_ALERT_RECEIVED });
    await server.end();
    const peer = await toClient(['-tls1_2'], { identity: { certificates: pki.server(), key: keyPem(pki.serverKey) } });
    await peer.until(() => peer.session.state === TLS_STATE_OPEN);
    peer.say('R\n');
    await peer.until(() => peer.isOver || !peer.openssl.running);
    await peer.end();
  });

  test.each<[string, readonly string[], Options, number]>([
    ['TLS 1.1', ['-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0', ...CERTIFICATE], {}, 70],
    ['TLS 1.2 when 1.3 is wanted', ['-tls1_2', ...CERTIFICATE], only(TLS_1_3), 70],
    ['another application protocol', ['-alpn', 'h2', ...CERTIFICATE], { alpn: ['mqtt'] }, 120],
    ['no certificate where one is wanted, TLS 1.2', ['-tls1_2', ...ASK, ...CERTIFICATE], {}, 40],
    ['no certificate where one is wanted, TLS 1.3', ['-tls1_3', ...ASK, ...CERTIFICATE], {}, 116],
    ['another shared key', ['-tls1_3', '-nocert', '-psk', '00', '-psk_identity', 'device-7'], { psks }, 47],
  ])('s_server refuses, or is refused: %s', async (_what, args, options, alert) => {
    const link = await toServer(args, options);
    await link.until(() => link.isOver);
    const { alertReceived, alertSent } = link.session;
    expect((alertReceived ?? alertSent)?.value).toBe(alert);
    expect([link.session.failure()?.why === '', link.ear.text]).toEqual([false, '']);
    await link.end();
  });

  test('a connection that is cut is told from one that was ended', async () => {
    const cut = await toServer(CERTIFICATE);
    await cut.until(() => cut.session.state === TLS_STATE_OPEN);
    await cut.exchange('before');
    cut.openssl.signalGroup('SIGKILL');
    await cut.until(() => cut.isOver);
    expect(cut.ear.closedWith).toBe(NX_SECURE_TLS_NO_CLOSE_RESPONSE);
    await cut.end();
    const ended = await toClient([], {
      identity: { certificates: pki.server(), key: keyPem(pki.serverKey) },
      ...only(TLS_1_2),
    });
    await ended.until(() => ended.session.state === TLS_STATE_OPEN);
    await ended.exchange('before');
    ended.say('Q\n');
    await ended.until(() => ended.ear.told.includes('peerFinished'));
    expect(ended.session.failure()).toBeNull();
    await ended.end();
  });
});
