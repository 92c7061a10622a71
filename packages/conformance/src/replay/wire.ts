import type { FrameSink, LinkPort, LinkProperties, Packet } from '@strata/contracts';
import { injectFrame } from '../frame-injection.ts';

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
    if (!injectFrame(this.sink, bytes, this.injected + 1)) return false;
    this.injected++;
    return true;
  }
}
