import { SECOND, TICK } from '@strata/contracts';
import type { FaultPlan } from '@strata/ethernet';
import { type Host, Lab, type LabOptions, MqttSession, NetError } from '@strata/stack';
import { EmbeddedBroker } from '../site/embedded-broker.ts';
import { labAuthority, loadEngines } from '../site/tls-material.ts';

/** What a scenario is run with. */
export interface PoolPlan {
  readonly lab: LabOptions;
  readonly faults: FaultPlan | null;
  /** Packets in the pools of the device and of the broker. */
  readonly packets: readonly [device: number, broker: number];
  /** Bytes per packet. */
  readonly payloadSize: number;
  /** Note who holds each packet. Slow. */
  readonly audit: boolean;
}

/** How one pool fared. */
export interface PoolRecord {
  readonly name: string;
  readonly total: number;
  readonly minimumFree: number;
  readonly emptyRequests: number;
  /** Packets by holder when the fewest were free, 'under way' for those that no queue holds. Empty unless the plan says audit. */
  readonly heldAtLowest: Readonly<Record<string, number>>;
}

/** How a run went. */
export interface PoolRun {
  /** Null: it did what it is for. */
  readonly failure: string | null;
  readonly pools: readonly [device: PoolRecord, broker: PoolRecord];
}

/** What two hosts on a link do. */
interface Work {
  /** Rejects, or resolves with what went wrong. */
  run(): Promise<string | null>;
  /** Lets go of everything, however far it came. */
  end(): Promise<void>;
}

/** Makes everything ready, before the lab's time begins to run. */
type Scenario = (lab: Lab, device: Host, broker: Host) => Promise<Work>;

/** A run that takes longer, in seconds of the lab's time, has failed. */
const PATIENCE_SECONDS = 120;
/** For what is under way when the work is done: longer than NetX repeats anything. */
const SETTLE_SECONDS = 30;

/** Bytes for the frames on the link. */
const LINK_MEMORY = 4 << 20;

const ADDRESS = '192.0.2.2';
const MESSAGES = 20;
/** Octets of a message: a reading, and now and then a report that fills a packet. */
const SIZES = [20, 20, 20, 1200];
const BULK = 200_000;

/** Publishes and hears its own messages; the broker is aedes. */
function mqttScenario(isSecure: boolean, isBurst: boolean): Scenario {
  return async (lab, device, broker) => {
    const { server, client } = isSecure ? await security(lab) : { server: {}, client: {} };
    const port = isSecure ? 8883 : 1883;
    const embedded = await EmbeddedBroker.start(broker, port, server);
    const session = new MqttSession(device, { clientId: 'device', broker: ADDRESS, port, ...client });
    return {
      run: () => (isBurst ? burst(session) : conversation(session)),
      end: async () => {
        session.delete();
        await embedded.close();
      },
    };
  };
}

const payloadOf = (i: number): Uint8Array => new Uint8Array(SIZES[i % SIZES.length]).fill(i);

async function open(session: MqttSession): Promise<void> {
  await session.connect({ keepAliveSeconds: 60, timeoutSeconds: 30 });
  await session.subscribe('device/#', 1);
}

/** Each message comes back before the next is published. */
async function conversation(session: MqttSession): Promise<string | null> {
  await open(session);
  for (let i = 0; i < MESSAGES; i++) {
    await session.publish('device/reading', payloadOf(i), { qos: 1 });
    if (!(await comesBack(session, i))) {
      return `message ${i + 1} came back wrong`;
    }
  }
  await session.disconnect({ timeoutSeconds: 30 });
  return null;
}

/** All messages are published at once, and read as they come back. */
async function burst(session: MqttSession): Promise<string | null> {
  await open(session);
  const sent = Array.from({ length: MESSAGES }, (_, i) => session.publish('device/reading', payloadOf(i), { qos: 1 }));
  const reading = async (): Promise<string | null> => {
    for (let i = 0; i < MESSAGES; i++) {
      if (!(await comesBack(session, i))) {
        return `message ${i + 1} came back wrong`;
      }
    }
    return null;
  };
  const [failure] = await Promise.all([reading(), ...sent]);
  await session.disconnect({ timeoutSeconds: 30 });
  return failure;
}

async function comesBack(session: MqttSession, i: number): Promise<boolean> {
  const { payload } = await session.receive({ timeoutSeconds: 30 });
  return Buffer.compare(payload, payloadOf(i)) === 0;
}

async function security(lab: Lab) {
  const authority = await labAuthority(lab, lab.seed);
  const { NodeTlsEngines } = await loadEngines();
  const engines = new NodeTlsEngines();
  const identity = authority.issue({ commonName: 'broker', purpose: 'server', hosts: [ADDRESS] });
  return { server: { tls: { engines, identity } }, client: { tls: { engines, trusted: [authority.certificate] } } };
}

/** The device sends, the broker's host reads. */
async function bulkScenario(_lab: Lab, device: Host, broker: Host): Promise<Work> {
  return { run: () => bulk(device, broker), end: async () => {} };
}

async function bulk(device: Host, broker: Host): Promise<string | null> {
  let received = 0;
  const server = broker.listen(9, (connection) => {
    connection.packets.listener = {
      ...connection.events,
      receivable: () => {
        for (let packet = connection.packets.receive(); packet !== null; packet = connection.packets.receive()) {
          received += packet.length;
          packet.release();
        }
      },
      peerFinished: () => void connection.packets.disconnect(false),
    };
  });
  const connection = await device.connect(ADDRESS, 9, { timeoutSeconds: 30 });
  await connection.send(new Uint8Array(BULK));
  await connection.close({ timeoutSeconds: 30 });
  server.close();
  return received === BULK ? null : `${received} of ${BULK} bytes arrived`;
}

/** Every scenario, with what it does. */
export const SCENARIOS: Readonly<Record<string, readonly [does: string, scenario: Scenario]>> = {
  mqtt: [`${MESSAGES} messages at QoS 1 to a broker and back, one after the other`, mqttScenario(false, false)],
  'mqtt-burst': [`the same ${MESSAGES} messages, all at once`, mqttScenario(false, true)],
  'mqtt-tls': ['as mqtt, over TLS', mqttScenario(true, false)],
  'tcp-bulk': [`${BULK / 1000} kB over TCP`, bulkScenario],
};

/** Runs a scenario in a lab of its own. */
export async function runScenario(name: string, plan: PoolPlan): Promise<PoolRun> {
  const { payloadSize, audit, packets } = plan;
  const memoryBytes = LINK_MEMORY + 2 * (packets[0] + packets[1]) * (payloadSize + 8);
  const lab = new Lab({ ...plan.lab, memoryBytes });
  const [device, broker] = ['device', 'broker'].map((host, i) =>
    lab.host(host, { packets: packets[i], payloadSize, audit }),
  );
  const cable = lab.bridge({ name: 'device-broker', faults: plan.faults });
  device.attach(cable.a, { address: '192.0.2.1/24' });
  broker.attach(cable.b, { address: `${ADDRESS}/24` });
  const work = await SCENARIOS[name][1](lab, device, broker);
  const failure = await lab.run(() => outcome(device, work), name);
  const end = lab.now + SETTLE_SECONDS * SECOND;
  await lab.runUntil(() => lab.outstanding() === 0 || lab.now >= end);
  const leaks = lab.outstanding();
  await lab.close();
  return {
    failure: failure ?? (leaks === 0 ? null : `${leaks} packets were never given back`),
    pools: [record(device), record(broker)],
  };
}

/** Null, or what went wrong. */
async function outcome(host: Host, work: Work): Promise<string | null> {
  let failure: string | null;
  try {
    failure = await inTime(host, work.run());
  } catch (error) {
    if (!(error instanceof NetError)) {
      throw error;
    }
    failure = error.chain();
  }
  const end = await inTime(
    host,
    work.end().then(() => null),
  );
  return failure ?? end;
}

async function inTime(host: Host, work: Promise<string | null>): Promise<string | null> {
  const over = new AbortController();
  const patience = host.waits.sleep((PATIENCE_SECONDS * SECOND) / TICK, over.signal);
  const late = patience.then(() => `it was not done after ${PATIENCE_SECONDS} s`);
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}

function record({ pool }: Host): PoolRecord {
  return {
    name: pool.name,
    total: pool.total,
    minimumFree: pool.minimumAvailable,
    emptyRequests: pool.emptyRequests,
    heldAtLowest: Object.fromEntries(
      [...pool.holdersAtLowest].map(([holder, count]) => [holder || 'under way', count]),
    ),
  };
}
