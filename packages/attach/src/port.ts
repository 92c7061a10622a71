import {
  type DropReason,
  type FrameSink,
  type LinkPort,
  type LinkProperties,
  type Packet,
  TRACE_LINK_LOST,
  type TraceRef,
  type Tracer,
} from '@strata/contracts';
import { ETHERNET_HEADER, VLAN_TAG } from '@strata/wire';
import { PortCounters } from './counters.ts';
import type { MacAddress } from './mac-address.ts';

/** Smallest and largest MTU that a port accepts: RFC 791 3.2 asks for 68 octets; a frame must fit a 16-bit length. */
export const MINIMUM_MTU = 68;
export const MAXIMUM_MTU = 65_535 - ETHERNET_HEADER - VLAN_TAG;
export const DEFAULT_MTU = 1500;

/** Frames a port takes in one turn of the event loop before it lets others run. */
export const DEFAULT_BATCH = 64;
/** Frames that wait when the system takes no more; further ones are dropped and counted. */
export const SEND_QUEUE = 256;

/** A received frame starts this far into its packet, so that the network header behind 14 octets is 4-byte aligned. */
export const FRAME_OFFSET = 2;

/** What both kinds of attached port have in common. */
export interface PortOptions {
  /** Our own MAC address, which a driver on this port takes as its own. */
  readonly mac: MacAddress;
  /**
   * Called before the frames of a burst are handed up, so that the clock can move to the present, and again after the last
   * one, so that what they led to can run. A live host passes its clock's `poke`.
   */
  readonly wake?: () => void;
  /** Told of every frame that the port drops in either direction. */
  readonly tracer?: Tracer | null;
  /** Frames handed up in one turn of the event loop, 1..4096. Default {@link DEFAULT_BATCH}. */
  readonly batch?: number;
}

/** The ends of the cable, as trace events name them: this side, and the machine's or the peer's. */
export const OUR_END = 0;
export const FAR_END = 1;

/** The link state and counters of a port to the real world; the subclass moves the frames. */
export abstract class AttachedPort implements LinkPort {
  readonly properties: LinkProperties;
  readonly counters: PortCounters;
  /** Largest frame in bytes: the MTU, the Ethernet header and a VLAN tag. */
  readonly maximumFrame: number;
  tracer: Tracer | null;
  protected sink: FrameSink | null;
  protected readonly wake: () => void;
  protected readonly batch: number;
  private readonly state: MutableProperties;

  protected constructor(options: PortOptions, mtu: number) {
    this.state = {
      macMsw: options.mac.msw & 0xffff,
      macLsw: options.mac.lsw | 0,
      mtu,
      up: true,
      capabilities: 0,
    };
    this.properties = this.state;
    this.counters = new PortCounters();
    this.maximumFrame = mtu + ETHERNET_HEADER + VLAN_TAG;
    this.tracer = options.tracer ?? null;
    this.sink = null;
    this.wake = options.wake ?? doNothing;
    this.batch = Math.min(Math.max(options.batch ?? DEFAULT_BATCH, 1), 4096);
  }

  abstract attach(sink: FrameSink | null): void;

  abstract send(frame: Packet): void;

  /** Detaches from the machine. Frames that still wait are released. May be called twice. */
  abstract close(): void;

  /** Traces a frame that was dropped; the caller has counted it. `from` is the end that sent it. */
  protected traceLost(reason: DropReason, length: number, from: number, frame: TraceRef | null): void {
    if (this.tracer !== null) this.tracer.event(TRACE_LINK_LOST, reason, length, from, 0, frame);
  }

  /** Tells the sink when the link state has changed. */
  protected setLink(up: boolean): void {
    if (this.state.up === up) return;
    this.state.up = up;
    const sink = this.sink;
    if (sink === null) return;
    this.wake();
    sink.linkChanged(up);
    this.wake();
  }
}

interface MutableProperties extends LinkProperties {
  up: boolean;
}

function doNothing(): void {}
