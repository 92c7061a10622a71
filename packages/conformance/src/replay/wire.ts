import {
  type FrameSink,
  type LinkPort,
  type LinkProperties,
  NX_RECEIVE_PACKET,
  NX_SUCCESS,
  type Packet,
} from '@strata/contracts';

/** A frame that went over the link. */
export interface ReplayFrame {
  /** Microseconds since the sequence began. */
  readonly at: number;
  readonly direction: 'in' | 'out';
  readonly bytes: Uint8Array;
  /** Line of the step that it belongs to, or 0. */
  line: number;
}

const MTU = 1500;

/** The link of a sequence: keeps every frame of the host, and brings it those of the sequence. */
export class ReplayWire implements LinkPort {
  readonly properties: LinkProperties;
  readonly frames: ReplayFrame[];
  private readonly now: () => number;
  private sink: FrameSink | null;
  private injected: number;

  constructor(now: () => number) {
    this.properties = { macMsw: 0, macLsw: 0, mtu: MTU, up: true, capabilities: 0 };
    this.frames = [];
    this.now = now;
    this.sink = null;
    this.injected = 0;
  }

  attach(sink: FrameSink | null): void {
    this.sink = sink;
  }

  send(frame: Packet): void {
    const bytes = new Uint8Array(frame.length);
    frame.extract(0, bytes, 0, bytes.length);
    frame.transmitRelease();
    this.frames.push({ at: this.now(), direction: 'out', bytes, line: 0 });
  }

  /** Hands a frame to the host. False when it has no packet for it. */
  inject(bytes: Uint8Array, line: number): boolean {
    this.frames.push({ at: this.now(), direction: 'in', bytes, line });
    const { sink } = this;
    const received = sink?.receivePool.allocate(NX_RECEIVE_PACKET) ?? null;
    if (sink === null || received === null) return false;
    // Two octets in, so that the IP header is at a multiple of four.
    received.prepend = received.dataStart + 2;
    received.append = received.prepend;
    if (received.appendBytes(bytes, 0, bytes.length) !== NX_SUCCESS) {
      received.release();
      return false;
    }
    this.injected++;
    received.frameId = this.injected;
    sink.accept(received);
    return true;
  }
}
