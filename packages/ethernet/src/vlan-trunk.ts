import {
  DROP_ETHERNET_VLAN,
  type FrameSink,
  type LinkPort,
  type LinkProperties,
  type Packet,
  type PacketAllocator,
} from '@strata/contracts';
import { EthernetHeader, parseEthernet, VLAN_MAXIMUM, VLAN_NONE } from '@strata/wire';
import { DropCounters } from './drop-counters.ts';

const NO_POOL: PacketAllocator = { payloadSize: 0, available: 0, allocate: () => null };

/** One network's place on a {@link VlanTrunk}; a driver of that VLAN plugs into it. */
class VlanPort implements LinkPort {
  sink: FrameSink | null;
  private readonly trunk: VlanTrunk;

  constructor(trunk: VlanTrunk) {
    this.sink = null;
    this.trunk = trunk;
  }

  get properties(): LinkProperties {
    return this.trunk.port.properties;
  }

  attach(sink: FrameSink | null): void {
    this.sink = sink;
    this.trunk.refresh();
  }

  send(frame: Packet): void {
    this.trunk.port.send(frame);
  }
}

/**
 * Several networks over one cable (IEEE 802.1Q): hands each frame to the driver of its VLAN, so that a host can have an
 * interface in each, and an untagged one beside them. Tags are the drivers' own: give each driver the `vlan` of its port.
 *
 * ```ts
 * const trunk = new VlanTrunk(cable.a);
 * const office = new EthernetDriver({ port: trunk.vlan(10), mac, vlan: 10 });
 * const plant = new EthernetDriver({ port: trunk.vlan(20), mac, vlan: 20 });
 * ```
 */
export class VlanTrunk implements FrameSink {
  readonly port: LinkPort;
  readonly drops: DropCounters;
  private readonly ports: Map<number, VlanPort>;
  private readonly header: EthernetHeader;
  private pool: PacketAllocator;

  constructor(port: LinkPort) {
    this.port = port;
    this.drops = new DropCounters();
    this.ports = new Map();
    this.header = new EthernetHeader();
    this.pool = NO_POOL;
  }

  /** The place of the untagged network; frames that carry only a priority (identifier 0) belong to it. */
  get untagged(): LinkPort {
    return this.place(VLAN_NONE);
  }

  /** The place of a VLAN. @throws RangeError for an identifier that is not 1..4094 */
  vlan(identifier: number): LinkPort {
    if (!Number.isInteger(identifier) || identifier < 1 || identifier > VLAN_MAXIMUM) {
      throw new RangeError(`a VLAN identifier is 1..${VLAN_MAXIMUM}, not ${identifier}`);
    }
    return this.place(identifier);
  }

  private place(identifier: number): VlanPort {
    let port = this.ports.get(identifier);
    if (port === undefined) {
      port = new VlanPort(this);
      this.ports.set(identifier, port);
    }
    return port;
  }

  /** @internal A driver came or went. */
  refresh(): void {
    this.pool = NO_POOL;
    for (const each of this.ports.values()) {
      if (each.sink === null) continue;
      this.pool = each.sink.receivePool;
      break;
    }
    this.port.attach(this.pool === NO_POOL ? null : this);
  }

  get receivePool(): PacketAllocator {
    return this.pool;
  }

  accept(frame: Packet): void {
    const header = this.header;
    const held = frame.next === null ? frame.length : frame.append - frame.prepend;
    const reason = parseEthernet(frame.view, frame.prepend, held, header);
    const identifier = header.vlan === 0 ? VLAN_NONE : header.vlan;
    const sink = reason === 0 ? (this.ports.get(identifier)?.sink ?? null) : null;
    if (sink === null) {
      this.drops.count(reason === 0 ? DROP_ETHERNET_VLAN : reason);
      frame.release();
    } else sink.accept(frame);
  }

  linkChanged(up: boolean): void {
    for (const each of this.ports.values()) each.sink?.linkChanged(up);
  }
}
