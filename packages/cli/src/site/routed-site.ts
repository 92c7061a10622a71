import type { SegmentEnd } from '@strata/ethernet';
import { type Host, Lab } from '@strata/stack';
import type { Terminal } from '../terminal/terminal.ts';
import { labOptions, type SiteFlags } from './lab-options.ts';
import { SiteNames } from './names.ts';
import type { Site } from './site.ts';

/** Each cable has a network of its own, of 16 addresses (RFC 5737), or 2001:db8:N::/64. */
export const MOST_ROUTERS = 14;

/** The two addresses on cable `index`: of the side towards the device, and of the other. */
function addressesOn(index: number, six: boolean): readonly [string, string] {
  if (six) return [`2001:db8:${index}::1/64`, `2001:db8:${index}::2/64`];
  return [`198.51.100.${16 * index + 1}/28`, `198.51.100.${16 * index + 2}/28`];
}

function bare(prefix: string): string {
  return prefix.slice(0, prefix.indexOf('/'));
}

/** Host *device* and host *broker* with routers between them, in virtual time. */
export class RoutedSite implements Site {
  readonly lab: Lab;
  readonly device: Host;
  readonly deviceEnd: SegmentEnd;
  readonly peerAddress: string;
  readonly names: SiteNames;
  readonly epoch: number;
  readonly hosts: string;

  constructor(flags: SiteFlags, terminal: Terminal, routers: number, six: boolean) {
    this.lab = new Lab(labOptions(flags, terminal, null));
    const names = ['device', ...Array.from({ length: routers }, (_, i) => `router${i + 1}`), 'broker'];
    const hosts = names.map((name, i) => this.lab.host(name, { forwarding: i > 0 && i <= routers }));
    const ends: SegmentEnd[] = [];
    for (let i = 0; i <= routers; i++) {
      const cable = this.lab.bridge({ name: `${names[i]}-${names[i + 1]}`, faults: flags.faults });
      const [near, far] = addressesOn(i, six);
      hosts[i].attach(cable.a, { address: near });
      hosts[i + 1].attach(cable.b, { address: far });
      ends.push(cable.a);
    }
    const first = addressesOn(0, six)[0];
    const last = addressesOn(routers, six)[1];
    const everything = six ? '::/0' : '0.0.0.0/0';
    for (let i = 0; i < routers; i++) hosts[i].addRoute(everything, bare(addressesOn(i, six)[1]));
    for (let i = 2; i <= routers + 1; i++) {
      // Back to the device's network; every other network is on the way.
      const network = six ? '2001:db8::/64' : '198.51.100.0/28';
      hosts[i].addRoute(network, bare(addressesOn(i - 1, six)[0]));
      for (let back = 1; back < i - 1; back++) {
        hosts[i].addRoute(
          six ? `2001:db8:${back}::/64` : `198.51.100.${16 * back}/28`,
          bare(addressesOn(i - 1, six)[0]),
        );
      }
    }
    this.device = hosts[0];
    this.deviceEnd = ends[0];
    this.peerAddress = bare(last);
    this.hosts = `the hosts of this lab are device (${bare(first)}) and broker (${this.peerAddress})`;
    this.names = new SiteNames(this.device, `${this.hosts}; --tap NAME and --dns ADDRESS reach others`);
    this.names.add('device', [this.device.resolve(bare(first))]);
    this.names.add('broker', [this.device.resolve(this.peerAddress)]);
    this.epoch = this.lab.epochSeconds * 1e6;
  }

  run<T>(work: () => Promise<T>, what: string): Promise<T> {
    return this.lab.run(async () => {
      await Promise.all([...this.lab.hosts.values()].map((host) => host.settled()));
      return work();
    }, what);
  }

  async close(): Promise<void> {
    this.names.close();
    await this.lab.close();
  }
}
