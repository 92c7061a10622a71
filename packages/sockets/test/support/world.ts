import * as realNet from 'node:net';
import { setTimeout as realSleep } from 'node:timers/promises';
import type { FaultPlan } from '@strata/ethernet';
import { type Host, Lab, netxProfile, type Profile } from '@strata/stack';
import { type HostNet, netOf } from '../../src/index.ts';

/** Somewhere a scenario can run: the machine's own network, or a lab. */
export interface World {
  readonly name: string;
  /** `node:net` of the side that connects, and of the side that listens. */
  readonly client: HostNet;
  readonly server: HostNet;
  readonly serverAddress: string;
  readonly clientAddress: string;
  /** Octets that no buffers along the way can hold. A multiple of 16. */
  readonly bulk: number;
  /** Waits, by the world's clock. */
  sleep(milliseconds: number): Promise<void>;
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Checks that nothing is left over. */
  close(): Promise<void>;
}

/** The machine's loopback. */
export function realWorld(family: 4 | 6 = 4): World {
  const address = family === 4 ? '127.0.0.1' : '::1';
  const net = realNet as unknown as HostNet;
  return {
    name: 'node:net',
    client: net,
    server: net,
    serverAddress: address,
    clientAddress: address,
    bulk: 32 << 20,
    sleep: async (milliseconds) => {
      await realSleep(milliseconds);
    },
    run: (work) => work(),
    close: async () => {},
  };
}

export interface LabWorldOptions {
  readonly seed?: number;
  readonly faults?: FaultPlan | null;
  readonly profile?: Profile;
  readonly packets?: number;
  /** Default 4. */
  readonly family?: 4 | 6;
}

export interface LabWorld extends World {
  readonly lab: Lab;
  readonly clientHost: Host;
  readonly serverHost: Host;
}

/** Two hosts on a bridge, in virtual time. */
export function labWorld(options: LabWorldOptions = {}): LabWorld {
  const lab = new Lab({ seed: options.seed ?? 1, profile: options.profile ?? netxProfile });
  const packets = options.packets ?? 512;
  const clientHost = lab.host('client', { packets });
  const serverHost = lab.host('server', { packets });
  const bridge = lab.bridge({ faults: options.faults ?? null });
  const [client, server, length] =
    options.family === 6 ? (['2001:db8::1', '2001:db8::2', 64] as const) : (['192.0.2.1', '192.0.2.2', 24] as const);
  clientHost.attach(bridge.a, { address: `${client}/${length}` });
  serverHost.attach(bridge.b, { address: `${server}/${length}` });
  return {
    name: `the stack (${lab.profile.name})`,
    lab,
    clientHost,
    serverHost,
    client: netOf(clientHost),
    server: netOf(serverHost),
    serverAddress: server,
    clientAddress: client,
    bulk: 1 << 20,
    sleep: async (milliseconds) => {
      await clientHost.waits.sleep(Math.ceil(milliseconds / 10));
    },
    run: (work) =>
      lab.run(async () => {
        await Promise.all([clientHost.settled(), serverHost.settled()]);
        return work();
      }),
    close: async () => {
      await lab.runUntilIdle();
      await lab.close();
      if (lab.outstanding() !== 0) throw new Error(`${lab.outstanding()} packets are not given back`);
    },
  };
}
