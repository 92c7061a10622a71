import {
  DROP_ETHERNET_GROUP_SOURCE,
  DROP_ETHERNET_TOO_LONG,
  DROP_ETHERNET_VLAN,
  DROP_NO_RECEIVE_PACKET,
  DROP_SWITCH_FILTERED,
  type DropReason,
  type FrameSink,
  type LinkPort,
  NX_RECEIVE_PACKET,
  type Packet,
  type PacketAllocator,
  type TimeService,
  TRACE_SWITCH_AGED,
  TRACE_SWITCH_DROPPED,
  TRACE_SWITCH_FLOODED,
  TRACE_SWITCH_LEARNED,
  TRACE_SWITCH_MOVED,
  TRACE_SWITCH_TABLE_FULL,
  type Tracer,
} from '@strata/contracts';
import {
  ETHERNET_TYPE,
  ETHERTYPE_VLAN,
  EthernetHeader,
  isGroupMac,
  parseEthernet,
  setVlanControl,
  VLAN_MAXIMUM,
  VLAN_NONE,
  VLAN_TAG,
} from '@strata/wire';
import { DropCounters } from './drop-counters.ts';
import {
  type ForwardingEntry,
  ForwardingTable,
  LEARN_FULL,
  LEARN_MOVED,
  LEARN_NEW,
  type LearnedAddress,
} from './forwarding-table.ts';
import { copyBytes, FRAME_ALIGNMENT, frameLength } from './frame-copy.ts';

/** How to make a {@link Switch}. */
export interface SwitchOptions {
  readonly time: TimeService;
  /** Where frames are kept while they are forwarded: packets of at least the MTU and 24 octets. */
  readonly pool: PacketAllocator;
  /** Shown in reports. Default 'switch'. */
  readonly name?: string;
  /** How long an address that says nothing is remembered. Default 300 s (IEEE 802.1Q table 8-6). */
  readonly ageingMicroseconds?: number;
  /** Addresses remembered at most; more are flooded. Default 1024. */
  readonly tableSize?: number;
  readonly tracer?: Tracer | null;
}

/** Which VLANs a port belongs to. */
export interface SwitchPortOptions {
  /** The VLAN of untagged frames in, sent out untagged; 1..4094, or null for none. Default 1. */
  readonly vlan?: number | null;
  /** VLANs whose frames pass with a tag, or 'all'. Default none. */
  readonly tagged?: readonly number[] | 'all';
}

/** What passed a port, as plain data. */
export interface SwitchPortCounters {
  readonly port: number;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly flooded: number;
  /** Frames from this port that were not forwarded, or not to all, by the reason's name. */
  readonly drops: Readonly<Record<string, number>>;
}

const DEFAULT_VLAN = 1;
const DEFAULT_AGEING = 300_000_000;
const DEFAULT_TABLE_SIZE = 1024;

/** One port of a switch: what a link delivers to. */
export class SwitchPort implements FrameSink {
  readonly index: number;
  readonly link: LinkPort;
  readonly receivePool: PacketAllocator;
  readonly drops: DropCounters;
  /** VLAN of untagged frames, VLAN_NONE for none. */
  readonly vlan: number;
  framesIn: number;
  framesOut: number;
  flooded: number;
  up: boolean;
  private readonly owner: Switch;
  private readonly tagged: ReadonlySet<number> | 'all';

  /** @internal made by `Switch.attach` */
  constructor(owner: Switch, index: number, link: LinkPort, pool: PacketAllocator, options: SwitchPortOptions) {
    this.index = index;
    this.link = link;
    this.receivePool = pool;
    this.drops = new DropCounters();
    this.vlan = options.vlan === null ? VLAN_NONE : (options.vlan ?? DEFAULT_VLAN);
    this.framesIn = 0;
    this.framesOut = 0;
    this.flooded = 0;
    this.up = link.properties.up;
    this.owner = owner;
    this.tagged = options.tagged === 'all' ? 'all' : new Set(options.tagged ?? []);
  }

  accept(frame: Packet): void {
    this.owner.forward(this, frame);
  }

  linkChanged(up: boolean): void {
    this.up = up;
    if (!up) this.owner.forgetPort(this.index);
  }

  /** True when frames of the VLAN leave and enter here with a tag. */
  isTagged(vlan: number): boolean {
    return vlan !== this.vlan && (this.tagged === 'all' || this.tagged.has(vlan));
  }

  isMember(vlan: number): boolean {
    return vlan === this.vlan || this.tagged === 'all' || this.tagged.has(vlan);
  }
}

/**
 * A learning switch (IEEE 802.1Q 8): store and forward, one table for all VLANs keyed by VLAN and address. Unknown, broadcast
 * and multicast destinations go to every other port of the VLAN, in the order the ports were attached. It keeps nothing:
 * frames wait on the links.
 */
export class Switch {
  readonly name: string;
  readonly ports: SwitchPort[];
  tracer: Tracer | null;
  private readonly time: TimeService;
  private readonly pool: PacketAllocator;
  private readonly table: ForwardingTable;
  private readonly header: EthernetHeader;

  /** @throws RangeError when an option is out of its range. */
  constructor(options: SwitchOptions) {
    const size = options.tableSize ?? DEFAULT_TABLE_SIZE;
    const ageing = options.ageingMicroseconds ?? DEFAULT_AGEING;
    if (!Number.isInteger(size) || size < 1) throw new RangeError(`a switch remembers at least 1 address, not ${size}`);
    if (!(ageing > 0)) throw new RangeError(`an ageing time is more than 0 µs, not ${ageing}`);
    this.name = options.name ?? 'switch';
    this.ports = [];
    this.tracer = options.tracer ?? null;
    this.time = options.time;
    this.pool = options.pool;
    this.table = new ForwardingTable(size, ageing, (entry) => this.aged(entry));
    this.header = new EthernetHeader();
  }

  /** Plugs a link into the next free port. @throws RangeError when a VLAN is not 1..4094. */
  attach(link: LinkPort, options: SwitchPortOptions = {}): SwitchPort {
    const vlans = [
      ...(options.vlan == null ? [] : [options.vlan]),
      ...(Array.isArray(options.tagged) ? options.tagged : []),
    ];
    for (const vlan of vlans) {
      if (!(Number.isInteger(vlan) && vlan >= 1 && vlan <= VLAN_MAXIMUM)) {
        throw new RangeError(`a VLAN identifier is 1..${VLAN_MAXIMUM}, not ${vlan}`);
      }
    }
    const port = new SwitchPort(this, this.ports.length, link, this.pool, options);
    this.ports.push(port);
    link.attach(port);
    return port;
  }

  /** What the switch knows now: who is where, and how long ago it was heard. */
  entries(): ForwardingEntry[] {
    return this.table.entries(this.time.now);
  }

  /** Forgets every address. */
  clear(): void {
    this.table.clear();
  }

  counters(): SwitchPortCounters[] {
    return this.ports.map((port) => ({
      port: port.index,
      framesIn: port.framesIn,
      framesOut: port.framesOut,
      flooded: port.flooded,
      drops: port.drops.toRecord(),
    }));
  }

  /** @internal Takes a frame that arrived at `port` and owns it. */
  forward(port: SwitchPort, frame: Packet): void {
    port.framesIn++;
    const header = this.header;
    const held = frame.append - frame.prepend;
    const malformed = parseEthernet(frame.view, frame.prepend, held, header);
    if (malformed !== 0) {
      this.drop(port, frame, malformed, 0);
      return;
    }
    const vlan = this.vlanOf(port, header);
    if (vlan < 0) {
      this.drop(port, frame, DROP_ETHERNET_VLAN, header.vlan);
      return;
    }
    if (isGroupMac(header.sourceMsw)) {
      this.drop(port, frame, DROP_ETHERNET_GROUP_SOURCE, vlan);
      return;
    }
    this.learn(port, vlan, header.sourceMsw, header.sourceLsw, frame);
    if (isReserved(header.destinationMsw, header.destinationLsw)) {
      this.drop(port, frame, DROP_SWITCH_FILTERED, vlan);
      return;
    }
    let out = -1;
    if (!isGroupMac(header.destinationMsw)) {
      out = this.table.lookup(vlan, header.destinationMsw, header.destinationLsw, this.time.now);
    }
    if (out < 0) this.flood(port, vlan, frame);
    else if (out === port.index) this.drop(port, frame, DROP_SWITCH_FILTERED, vlan);
    else this.sendOut(port, this.ports[out]!, vlan, frame);
  }

  /** The VLAN a frame belongs to, or -1 when the port does not take it (IEEE 802.1Q 6.9, 8.6.2). */
  private vlanOf(port: SwitchPort, header: EthernetHeader): number {
    if (header.vlan === VLAN_NONE || header.vlan === 0) return port.vlan;
    return port.isMember(header.vlan) && header.vlan <= VLAN_MAXIMUM ? header.vlan : -1;
  }

  private learn(port: SwitchPort, vlan: number, msw: number, lsw: number, frame: Packet): void {
    const found = this.table.learn(vlan, msw, lsw, port.index, this.time.now);
    if (this.tracer === null) return;
    if (found === LEARN_NEW) this.tracer.event(TRACE_SWITCH_LEARNED, port.index, vlan, msw, lsw, frame);
    else if (found === LEARN_MOVED) this.tracer.event(TRACE_SWITCH_MOVED, port.index, vlan, msw, lsw, frame);
    else if (found === LEARN_FULL) this.tracer.event(TRACE_SWITCH_TABLE_FULL, port.index, vlan, msw, lsw, frame);
  }

  /** A copy to every other port of the VLAN; the last of them gets the frame itself. */
  private flood(from: SwitchPort, vlan: number, frame: Packet): void {
    const ports = this.ports;
    let last = -1;
    let targets = 0;
    for (let i = 0; i < ports.length; i++) {
      const port = ports[i]!;
      if (port === from || !port.up || !port.isMember(vlan)) continue;
      targets++;
      last = i;
    }
    if (last < 0) {
      this.drop(from, frame, DROP_SWITCH_FILTERED, vlan);
      return;
    }
    from.flooded++;
    if (this.tracer !== null) this.tracer.event(TRACE_SWITCH_FLOODED, from.index, vlan, targets, 0, frame);
    for (let i = 0; i < last; i++) {
      const port = ports[i]!;
      if (port === from || !port.up || !port.isMember(vlan)) continue;
      const copy = this.copy(frame);
      if (copy === null) this.note(from, frame, DROP_NO_RECEIVE_PACKET, vlan);
      else this.sendOut(from, port, vlan, copy);
    }
    this.sendOut(from, ports[last]!, vlan, frame);
  }

  private copy(frame: Packet): Packet | null {
    const copy = this.pool.allocate(NX_RECEIVE_PACKET);
    if (copy === null) return null;
    const start = copy.dataStart + FRAME_ALIGNMENT;
    copy.prepend = start;
    copy.append = start;
    for (let part: Packet | null = frame; part !== null; part = part.next) {
      if (copy.appendBytes(part.bytes, part.prepend, part.append - part.prepend) !== 0) {
        copy.release();
        return null;
      }
    }
    copy.frameId = frame.frameId;
    return copy;
  }

  /** Gives the frame the form that the port's VLAN membership asks for, and sends it. */
  private sendOut(from: SwitchPort, port: SwitchPort, vlan: number, frame: Packet): void {
    if (!port.isMember(vlan)) {
      this.drop(from, frame, DROP_ETHERNET_VLAN, vlan);
      return;
    }
    const tagged = frame.view.getUint16(frame.prepend + ETHERNET_TYPE) === ETHERTYPE_VLAN;
    if (port.isTagged(vlan)) {
      if (!tagged && !insertTag(frame)) {
        this.drop(from, frame, DROP_ETHERNET_TOO_LONG, vlan);
        return;
      }
      const priority = tagged ? frame.view.getUint8(frame.prepend + ETHERNET_TYPE + 2) >>> 5 : 0;
      setVlanControl(frame.view, frame.prepend, vlan, priority);
    } else if (tagged) removeTag(frame);
    port.framesOut++;
    port.link.send(frame);
  }

  private drop(port: SwitchPort, frame: Packet, reason: DropReason, vlan: number): void {
    this.note(port, frame, reason, vlan);
    frame.release();
  }

  private note(port: SwitchPort, frame: Packet, reason: DropReason, vlan: number): void {
    port.drops.count(reason);
    if (this.tracer !== null) this.tracer.event(TRACE_SWITCH_DROPPED, reason, port.index, vlan, 0, frame);
  }

  /** @internal */
  forgetPort(port: number): void {
    this.table.forgetPort(port);
  }

  private aged(entry: LearnedAddress): void {
    if (this.tracer !== null) {
      this.tracer.event(TRACE_SWITCH_AGED, entry.port, entry.vlan, entry.msw, entry.lsw, null);
    }
  }
}

/** 01-80-C2-00-00-00 to -0F: addresses that a bridge never forwards (IEEE 802.1Q table 8-1). */
function isReserved(msw: number, lsw: number): boolean {
  return msw === 0x0180 && (lsw & ~0xf) === (0xc2000000 | 0);
}

/** Makes room for a tag behind the addresses and writes its EtherType. False when the packet is full. */
function insertTag(frame: Packet): boolean {
  const { bytes, view, prepend } = frame;
  const behind = prepend + ETHERNET_TYPE;
  if (frame.next !== null || frame.append + VLAN_TAG > frame.dataEnd) return false;
  copyBytes(bytes, behind, bytes, behind + VLAN_TAG, frame.append - behind);
  frame.append += VLAN_TAG;
  frame.length = frameLength(frame);
  view.setUint16(behind, ETHERTYPE_VLAN);
  return true;
}

function removeTag(frame: Packet): void {
  const { bytes, prepend } = frame;
  copyBytes(bytes, prepend, bytes, prepend + VLAN_TAG, ETHERNET_TYPE);
  frame.prepend += VLAN_TAG;
  frame.length -= VLAN_TAG;
}
