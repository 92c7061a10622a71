import type { DropReason } from '@strata/contracts';
import { ConversationFollower, type FrameFate, LadderDiagram } from '@strata/dissect';
import {
  FATE_CORRUPTED,
  FATE_DUPLICATE,
  FATE_LOST,
  FATE_OUTAGE,
  FATE_QUEUE_OVERFLOW,
  type FrameTap,
  type TappedFrame,
} from '@strata/ethernet';

const FATES: ReadonlyMap<number, FrameFate> = new Map([
  [FATE_LOST, 'lost'],
  [FATE_OUTAGE, 'lost'],
  [FATE_QUEUE_OVERFLOW, 'lost'],
  [FATE_CORRUPTED, 'corrupted'],
  [FATE_DUPLICATE, 'duplicate'],
]);

/** Draws every frame of a link as an arrow of a ladder diagram when it is sent, and passes it on to the link's capture. */
export class LadderPrinter implements FrameTap {
  private readonly ends: readonly string[];
  private readonly diagram: LadderDiagram;
  private readonly follower: ConversationFollower;
  private readonly inner: FrameTap | null;
  private readonly print: (line: string) => void;

  /** @param ends names of the two ends of the link, in order */
  constructor(ends: readonly [string, string], width: number, inner: FrameTap | null, print: (line: string) => void) {
    this.ends = ends;
    this.diagram = new LadderDiagram({ endpoints: ends, width });
    this.follower = new ConversationFollower();
    this.inner = inner;
    this.print = print;
    print(this.diagram.head());
  }

  frame(frame: TappedFrame): void {
    this.inner?.frame(frame);
    const bytes = frame.bytes.slice(frame.offset, frame.offset + frame.length);
    const event = {
      time: frame.time,
      from: this.ends[frame.from],
      to: this.ends[1 - frame.from],
      text: this.follower.follow(bytes).summary,
      fate: FATES.get(frame.fate),
    };
    for (const line of this.diagram.draw(event)) {
      this.print(line);
    }
  }

  delivered(frameId: number, end: number, reason: DropReason): void {
    this.inner?.delivered(frameId, end, reason);
  }
}
