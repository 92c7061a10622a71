import { TICK } from '@strata/contracts';
import { type MqttSession, NetError } from '@strata/stack';
import { EXIT_OK } from '../errors.ts';
import type { Arguments } from '../flags/arguments.ts';
import { MosquittoDebug } from '../mosquitto/debug.ts';
import { SessionInspector } from '../mosquitto/inspector.ts';
import { type PublishOptions, readPublishOptions } from '../mosquitto/options.ts';
import { readPayloads } from '../mosquitto/payloads.ts';
import {
  brokerHost,
  chooseClientId,
  connectSession,
  finishHandshakes,
  makeSession,
  openStore,
  patience,
  untilEnd,
} from '../mosquitto/session.ts';
import { openSite, type TracedEvent } from '../site/open-site.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Command } from './command.ts';
import { declareTool, preparePeer, reportToolError } from './mosquitto-tool.ts';

/** `strata pub`: mosquitto_pub over the stack. */
export const pubCommand: Command = {
  usage: 'pub',
  summary: "Publish over the stack's MQTT client, with mosquitto_pub's flags",
  examples: [
    ["strata pub -t plant/7/temp -m '21.5' -q 1 -d", 'to the embedded broker, showing each packet'],
    [
      'strata pub -h 192.0.2.1 -t plant/7/temp -m 21.5 --tap tap0 --address 192.0.2.2/24 --host-address 192.0.2.1/24',
      'to a broker on this machine',
    ],
    ['strata pub -t a/b -l < lines.txt', 'each line of a file as a message'],
    [
      "strata pub -t state -n -r --will-topic gone --will-payload 'bye' -i dev-1 -c",
      'retained, will, persistent session',
    ],
  ],
  epilogue:
    'Without --tap, the broker is an embedded one on a loopback bridge. With --tap and no -h, it is the address given with ' +
    '--host-address. Exit code: 0 done, 1 failed, 2 usage; a refusal of the broker is its return code.',
  declare: (program) => declareTool(program, 'pub'),
  takeWords: (words) => {
    const { options, rest } = readPublishOptions(words);
    return { taken: options, rest };
  },
  run: (args, terminal, taken) => runPub(args, terminal, taken as PublishOptions),
};

async function runPub(args: Arguments, terminal: Terminal, options: PublishOptions): Promise<number> {
  // Virtual time would run on while a person types, so the embedded lab begins when everything is there.
  const stop = terminal.surroundings.interruption();
  const payloads = readPayloads(options.message, terminal.surroundings, stop);
  const store = openStore(options, terminal);
  const debug = { current: null as MosquittoDebug | null };
  const inspector = { current: null as SessionInspector | null };
  const site = openSite(args, terminal, {
    command: 'pub',
    host: options.host,
    events: 'stderr',
    listeners: [
      ...(options.debug ? [{ traced: (...event: TracedEvent) => debug.current?.traced(...event) }] : []),
      ...(options.inspect ? [{ traced: (...event: TracedEvent) => inspector.current?.traced(...event) }] : []),
    ],
  });
  let session: MqttSession | null = null;
  try {
    const clientId = chooseClientId(options, site.lab, 'pub');
    const host = brokerHost(options, site.peerAddress);
    const peer = await preparePeer(site, host, options, terminal);
    await site.names.prepare(host);
    const broker = await site.run(() => site.names.addressOf(host), 'the broker’s name');
    const given = peer.embedded === null ? payloads : await all(payloads);
    debug.current = options.debug
      ? new MosquittoDebug(clientId, site.device.name, (line) => terminal.data(line))
      : null;
    const current = makeSession(site.device, broker, clientId, options, peer.tls, store);
    session = current;
    if (options.inspect) {
      const { name, time } = site.device;
      inspector.current = new SessionInspector(name, time, current.client, (line) => terminal.error(line));
    }
    const work = async (): Promise<void> => {
      await connectSession(current, options, stop);
      for await (const payload of given) {
        for (let times = 0; times < options.repeat && !stop.aborted; times++) {
          if (times > 0 && options.repeatDelayMicroseconds > 0) {
            await site.device.waits.sleep(Math.ceil(options.repeatDelayMicroseconds / TICK), stop);
          }
          debug.current?.publishing(options.topic, payload.length);
          await current.publish(options.topic, payload, {
            qos: options.qos,
            retain: options.retain,
            signal: stop,
            ...patience(options, payload.length),
          });
        }
        if (stop.aborted) {
          break;
        }
      }
      await finishHandshakes(current, site.device, stop);
    };
    await site.run(() => untilEnd(current, site.device, stop, work), 'pub');
    return EXIT_OK;
  } catch (error) {
    if (error instanceof NetError) {
      return reportToolError(error, options, terminal);
    }
    throw error;
  } finally {
    session?.delete();
    store?.close();
    await site.close();
  }
}

async function all(payloads: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const list: Uint8Array[] = [];
  for await (const payload of payloads) {
    list.push(payload);
  }
  return list;
}
