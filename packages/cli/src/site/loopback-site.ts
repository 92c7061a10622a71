import type { SegmentEnd } from '@strata/ethernet';
import { type Host, Lab, type TraceListener } from '@strata/stack';
import { parseAddress } from '@strata/wire';
import type { Terminal } from '../terminal/terminal.ts';
import { type BrokerOptions, EmbeddedBroker } from './embedded-broker.ts';
import type { EmbeddedNameServer } from './embedded-name-server.ts';
import { labOptions, type SiteFlags } from './lab-options.ts';
import { SiteNames } from './names.ts';
import type { Site } from './site.ts';

/** Addresses of the embedded default (RFC 5737, RFC 3849). */
export const DEVICE_ADDRESS = '192.0.2.1';
export const BROKER_ADDRESS = '192.0.2.2';
export const DEVICE_ADDRESS6 = '2001:db8::1';
export const BROKER_ADDRESS6 = '2001:db8::2';

/** Seconds of the lab's time that the last acknowledgements are given after the work is done. */
const SETTLE_SECONDS = 1;

/** The embedded default: host *device* and host *broker* on a loopback bridge, in virtual time, with no root and no device. */
export class LoopbackSite implements Site {
  readonly lab: Lab;
  readonly device: Host;
  readonly broker: Host;
  readonly deviceEnd: SegmentEnd;
  readonly brokerEnd: SegmentEnd;
  readonly peerAddress: string;
  readonly names: SiteNames;
  readonly epoch: number;
  readonly hosts: string;
  private mqtt: EmbeddedBroker | null;
  private nameServer: EmbeddedNameServer | null;

  /** @param decorate sees the link before any frame is on it */
  constructor(flags: SiteFlags, terminal: Terminal, listeners: readonly TraceListener[] = []) {
    const options = labOptions(flags, terminal, null);
    this.lab = new Lab({ ...options, listeners: [...(options.listeners ?? []), ...listeners] });
    const bridge = this.lab.bridge({ name: 'device-broker', faults: flags.faults });
    this.device = this.lab.host('device');
    this.broker = this.lab.host('broker');
    const six = flags.ipv6 === true;
    const addresses = (own: string, own6: string) => [`${own}/24`, ...(six ? [`${own6}/64`] : [])];
    this.device.attach(bridge.a, { addresses: addresses(DEVICE_ADDRESS, DEVICE_ADDRESS6) });
    this.broker.attach(bridge.b, { addresses: addresses(BROKER_ADDRESS, BROKER_ADDRESS6) });
    this.deviceEnd = bridge.a;
    this.brokerEnd = bridge.b;
    this.peerAddress = six ? BROKER_ADDRESS6 : BROKER_ADDRESS;
    this.epoch = this.lab.epochSeconds * 1e6;
    const both = (own: string, own6: string) => (six ? `${own}, ${own6}` : own);
    this.hosts =
      `the hosts of this lab are device (${both(DEVICE_ADDRESS, DEVICE_ADDRESS6)}) and ` +
      `broker (${both(BROKER_ADDRESS, BROKER_ADDRESS6)})`;
    this.names = new SiteNames(this.device, `${this.hosts}; --tap NAME and --dns ADDRESS reach others`);
    for (const host of [this.device, this.broker]) {
      const own6 = six ? parseAddress(host === this.device ? DEVICE_ADDRESS6 : BROKER_ADDRESS6) : null;
      this.names.add(host.name, own6 === null ? [host.localAddress] : [own6, host.localAddress]);
    }
    this.mqtt = null;
    this.nameServer = null;
  }

  /** Starts the MQTT broker on the host of that name. */
  async startBroker(port: number, options: BrokerOptions = {}): Promise<EmbeddedBroker> {
    this.mqtt = await EmbeddedBroker.start(this.broker, port, options);
    return this.mqtt;
  }

  /** Starts a DNS server on host broker, which knows the hosts of the lab; host device asks it. */
  async startNameServer(): Promise<void> {
    const { EmbeddedNameServer } = await import('./embedded-name-server.ts');
    this.nameServer ??= new EmbeddedNameServer(this.broker, [this.device, this.broker]);
    if (this.device.nameServers.length === 0) this.device.nameServers.push(this.broker.localAddress);
  }

  run<T>(work: () => Promise<T>, what: string): Promise<T> {
    return this.lab.run(work, what);
  }

  async close(): Promise<void> {
    this.names.close();
    this.nameServer?.close();
    const { mqtt } = this;
    if (mqtt !== null) {
      await this.lab.run(() => mqtt.close(), 'the broker’s end');
    }
    await this.lab.runFor(SETTLE_SECONDS);
    await this.lab.close();
  }
}
