import type { Deferred, Status, TimeService } from '@strata/contracts';
import type { MqttListener } from './options.ts';

const CONNECTED = 0;
const DISCONNECTED = 1;
const RECEIVED = 2;
const ACKNOWLEDGED = 3;
const WRITABLE = 4;
const STREAMED = 5;
const FIELDS = 4;

/** Tells the application afterwards, in order, what happened during an event. */
export class Notifier implements Deferred {
  listener: MqttListener | null;
  private readonly time: TimeService;
  /** What is still to be told, {@link FIELDS} numbers each; reused. */
  private readonly pending: number[];
  private used: number;
  private told: number;
  private scheduled: boolean;

  constructor(time: TimeService, listener: MqttListener | null) {
    this.listener = listener;
    this.time = time;
    this.pending = [];
    this.used = 0;
    this.told = 0;
    this.scheduled = false;
  }

  connected(status: Status, returnCode: number, sessionPresent: boolean): void {
    this.add(CONNECTED, status, returnCode, sessionPresent ? 1 : 0);
  }

  disconnected(status: Status): void {
    this.add(DISCONNECTED, status, 0, 0);
  }

  received(count: number): void {
    this.add(RECEIVED, count, 0, 0);
  }

  acknowledged(type: number, id: number, code: number): void {
    this.add(ACKNOWLEDGED, type, id, code);
  }

  writable(): void {
    this.add(WRITABLE, 0, 0, 0);
  }

  /** Once for all that came in one event. */
  streamed(): void {
    if (this.used > this.told && this.pending[this.used - FIELDS] === STREAMED) return;
    this.add(STREAMED, 0, 0, 0);
  }

  /** Should the application throw, the rest is told in a run of its own. */
  run(): void {
    this.scheduled = false;
    try {
      while (this.told < this.used) {
        const at = this.told;
        this.told += FIELDS;
        this.tell(at);
      }
    } finally {
      if (this.told === this.used) {
        this.told = 0;
        this.used = 0;
      } else this.schedule();
    }
  }

  private add(kind: number, a: number, b: number, c: number): void {
    if (this.listener === null) return;
    const { pending } = this;
    pending[this.used] = kind;
    pending[this.used + 1] = a;
    pending[this.used + 2] = b;
    pending[this.used + 3] = c;
    this.used += FIELDS;
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.time.defer(this);
  }

  private tell(at: number): void {
    const { listener, pending } = this;
    if (listener === null) return;
    const a = pending[at + 1] as number;
    const b = pending[at + 2] as number;
    const c = pending[at + 3] as number;
    switch (pending[at]) {
      case CONNECTED:
        listener.connected(a, b, c !== 0);
        break;
      case DISCONNECTED:
        listener.disconnected(a);
        break;
      case RECEIVED:
        listener.received(a);
        break;
      case ACKNOWLEDGED:
        listener.acknowledged(a, b, c);
        break;
      case STREAMED:
        listener.streamed?.();
        break;
      default:
        listener.writable();
    }
  }
}
