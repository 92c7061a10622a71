import type { TcpSocket } from '@strata/tcp';
import { CONSTANTS } from './constants.ts';
import type { ControlMessage } from './control-messages.ts';

/**
 * Notifications of MSG_ZEROCOPY: one number per send, told on the error queue once the peer has acknowledged the data. The
 * stack copies all the same, and says so.
 */
export class ZeroCopy {
  private next: number;
  /** Sends under way: their number and the sequence number behind their data. */
  private readonly waiting: { readonly id: number; readonly end: number }[];
  /** Ranges of sends that are complete and that nobody has been told of. */
  private readonly complete: { readonly low: number; high: number }[];

  constructor() {
    this.next = 0;
    this.waiting = [];
    this.complete = [];
  }

  /** Data of one send has been handed to the socket. */
  sent(socket: TcpSocket): void {
    this.waiting.push({ id: this.next++, end: socket.writeSequence });
  }

  /** Moves what has been acknowledged to the queue; true when there is something new. */
  update(socket: TcpSocket, over: boolean): boolean {
    let grown = false;
    for (let first = this.waiting[0]; first !== undefined; first = this.waiting[0]) {
      if (!over && ((socket.sndUna - first.end) | 0) < 0) break;
      this.waiting.shift();
      const last = this.complete[this.complete.length - 1];
      if (last !== undefined && last.high + 1 === first.id) last.high = first.id;
      else this.complete.push({ low: first.id, high: first.id });
      grown = true;
    }
    return grown;
  }

  get pending(): boolean {
    return this.complete.length > 0;
  }

  /** The oldest notification, which is thereby told; null when there is none. */
  take(family: 4 | 6): ControlMessage | null {
    const range = this.complete.shift();
    if (range === undefined) return null;
    return {
      level: (family === 4 ? CONSTANTS.SOL_IP : CONSTANTS.SOL_IPV6) as number,
      type: (family === 4 ? CONSTANTS.IP_RECVERR : CONSTANTS.IPV6_RECVERR) as number,
      data: {
        ee_errno: 0,
        ee_origin: CONSTANTS.SO_EE_ORIGIN_ZEROCOPY as number,
        ee_type: 0,
        ee_code: CONSTANTS.SO_EE_CODE_ZEROCOPY_COPIED as number,
        ee_info: range.low,
        ee_data: range.high,
      },
    };
  }
}
