import { NX_WAIT_FOREVER, TICK } from '@strata/contracts';
import { MqttSession, type MqttTlsOptions, NetError } from '@strata/stack';
import { formatAddress } from '@strata/wire';
import { EXIT_FAILED, EXIT_OK, UsageError } from '../errors.ts';
import { type Arguments, given, seconds, text, wholeNumber } from '../flags/arguments.ts';
import { declareCommonFlags } from '../flags/common.ts';
import { declareFaultFlags } from '../flags/faults.ts';
import { declareTapFlags } from '../flags/tap.ts';
import { MQTT_PORT, MQTT_TLS_PORT } from '../mosquitto/tls-options.ts';
import { DEFAULT_READINGS, readReadings } from '../readings.ts';
import { BrokerLog } from '../site/broker-log.ts';
import { brokerSecurity, declareBrokerTlsFlags } from '../site/broker-tls.ts';
import { type BrokerOptions, EmbeddedBroker } from '../site/embedded-broker.ts';
import { BROKER_ADDRESS, LoopbackSite } from '../site/loopback-site.ts';
import { openSite } from '../site/open-site.ts';
import type { TapSite } from '../site/tap-site.ts';
import { formatBytes, formatNumberOf } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Command } from './command.ts';

/** Time for the last segments to leave. */
const CLOSE_TICKS = 2;

/** How long the device of the embedded default tries to connect. */
const CONNECT_SECONDS = 30;

/** `strata broker`: an MQTT broker over the stack. */
export const brokerCommand: Command = {
  usage: 'broker',
  summary: 'Run an MQTT broker on the stack, plain or with TLS',
  examples: [
    [
      'strata broker --tap tap0 --address 192.0.2.2/24 --host-address 192.0.2.1/24',
      'then mosquitto_sub -h 192.0.2.2 -t "#"',
    ],
    [
      'strata broker --tls --tap tap0 --address 192.0.2.2/24 --host-address 192.0.2.1/24',
      'with certificates made for it; mosquitto_sub --cafile strata-certificates/ca.pem …',
    ],
    ['strata broker --cert broker.pem --key broker.key --cafile ca.pem --require-certificate --tap …', 'mutual TLS'],
    ['strata broker --tls', 'on a loopback bridge: a device connects and publishes its readings'],
  ],
  epilogue:
    'Ends on SIGINT, SIGTERM or --for. Without --tap the broker runs on a loopback bridge in virtual time, a device publishes ' +
    'its readings to it, and the command ends when the device has.',
  declare: (program) => {
    program
      .option('port', { type: 'string', requiresArg: true, describe: '<PORT> TCP port (default 1883, with TLS 8883)' })
      .option('username', { type: 'string', requiresArg: true, describe: '<NAME> let only this user in; needs --pw' })
      .option('pw', { type: 'string', requiresArg: true, describe: '<PASSWORD> the password of that user' })
      .option('for', { type: 'string', requiresArg: true, describe: '<SECONDS> end after so many seconds' })
      .option('quiet', { type: 'boolean', describe: 'do not print what happens' });
    return declareFaultFlags(declareTapFlags(declareCommonFlags(declareBrokerTlsFlags(program))));
  },
  run: runBroker,
};

function readLogin(args: Arguments): BrokerOptions['login'] {
  const [username, password] = [text(args, 'username'), text(args, 'pw')];
  if ((username === undefined) !== (password === undefined)) {
    throw new UsageError('--username and --pw are used together');
  }
  return username === undefined || password === undefined ? undefined : { username, password };
}

async function runBroker(args: Arguments, terminal: Terminal): Promise<number> {
  const login = readLogin(args);
  const wantedPort = wholeNumber(args, 'port', 1, 65535);
  const length = seconds(args, 'for') ?? null;
  const site = openSite(args, terminal, { command: 'broker', events: 'stderr' });
  const stop = terminal.surroundings.interruption();
  let broker: EmbeddedBroker | null = null;
  try {
    const host = site instanceof LoopbackSite ? site.broker : site.device;
    const security = await brokerSecurity(args, terminal, site);
    const port = wantedPort ?? (security === null ? MQTT_PORT : MQTT_TLS_PORT);
    const log = new BrokerLog(site.lab, given(args, 'quiet') ? () => {} : (line) => terminal.data(line));
    const options: BrokerOptions = {
      tls: security?.server,
      login,
      refused: (error) => log.refused(error),
    };
    broker = site instanceof LoopbackSite ? await site.startBroker(port, options) : null;
    const work = async (): Promise<number> => {
      broker ??= await EmbeddedBroker.start(host, port, options);
      log.listen(broker.aedes);
      terminal.note(`${formatAddress(host.localAddress)} port ${port}: the broker is up${security?.summary ?? ''}`);
      if (site instanceof LoopbackSite) {
        const device = new Device(site, args, terminal.surroundings.directory, port, login, security?.client ?? null);
        return await device.run(terminal);
      }
      await host.waits.sleep(length === null ? NX_WAIT_FOREVER : Math.ceil(length / TICK), stop);
      return EXIT_OK;
    };
    const code = await site.run(work, 'broker');
    await endBroker(site, broker);
    sayTotals(broker, terminal);
    return code;
  } finally {
    await site.close();
  }
}

async function endBroker(site: LoopbackSite | TapSite, broker: EmbeddedBroker | null): Promise<void> {
  if (site instanceof LoopbackSite) {
    return;
  }
  await site.run(async () => {
    await broker?.close();
    await site.device.waits.sleep(CLOSE_TICKS);
  }, 'the broker’s end');
}

function sayTotals(broker: EmbeddedBroker | null, terminal: Terminal): void {
  if (broker !== null) {
    const { connections, bytesIn, bytesOut } = broker.tally;
    terminal.note(
      `${formatNumberOf(connections, 'connection')}; ${formatBytes(bytesIn)} in, ${formatBytes(bytesOut)} out`,
    );
  }
}

/** The device of the embedded default: publishes its readings once. */
class Device {
  private readonly site: LoopbackSite;
  private readonly session: MqttSession;
  private readonly readings: ReturnType<typeof readReadings>;

  constructor(
    site: LoopbackSite,
    args: Arguments,
    directory: string,
    port: number,
    login: BrokerOptions['login'],
    tls: MqttTlsOptions | null,
  ) {
    this.site = site;
    this.readings = readReadings(text(args, 'input') ?? DEFAULT_READINGS, directory);
    this.session = new MqttSession(site.device, {
      clientId: 'device',
      broker: BROKER_ADDRESS,
      port,
      ...(login === undefined ? {} : login),
      ...(tls === null ? {} : { tls }),
    });
  }

  async run(terminal: Terminal): Promise<number> {
    const { session, site } = this;
    try {
      await session.connect({ keepAliveSeconds: 60, timeoutSeconds: CONNECT_SECONDS });
      for (const { topic, payload } of this.readings) {
        await session.publish(topic, payload, { qos: 1 });
        await site.device.waits.sleep(TICKS_BETWEEN_READINGS);
      }
      await session.disconnect();
      return EXIT_OK;
    } catch (error) {
      if (!(error instanceof NetError)) {
        throw error;
      }
      terminal.error(`the device: ${error.chain()}`);
      return EXIT_FAILED;
    } finally {
      session.delete();
    }
  }
}

const TICKS_BETWEEN_READINGS = 25;
