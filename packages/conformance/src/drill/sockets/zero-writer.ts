import { type Alarm, MILLISECOND, NEVER, NX_SUCCESS, type Timed, type TimeService } from '@strata/contracts';
import type { TcpSocket } from '@strata/tcp';

/** How long a corked segment waits at most, unless the retransmission timeout is longer. */
const CORK_TIME = 200 * MILLISECOND;
/** Largest piece that is handed to the socket at once. */
const CHUNK = 128 * 1024;
const ZEROS = new Uint8Array(4096);

/** Zeros on their way into a socket, at once or held back by TCP_CORK and MSG_MORE until a segment is full. */
export class ZeroWriter implements Timed {
  /** Octets held back. */
  held: number;
  private heldUntil: number;
  private readonly file: { readonly socket: TcpSocket | null };
  private readonly alarm: Alarm;
  private readonly time: TimeService;

  constructor(file: { readonly socket: TcpSocket | null }, time: TimeService) {
    this.held = 0;
    this.heldUntil = NEVER;
    this.file = file;
    this.time = time;
    this.alarm = time.alarm(this);
  }

  /** Sends what was held back and `count` octets more; returns how many of the latter the socket took. */
  write(count: number): number {
    const { held } = this;
    this.hold(0);
    return this.send(held + count, false) - held;
  }

  /** Sends full segments and holds the rest back. */
  cork(count: number): void {
    const total = this.held + count;
    const mss = Math.max(this.file.socket?.mss ?? 1, 1);
    const full = total - (total % mss);
    if (full > 0) this.send(full, false);
    this.hold(total - full);
  }

  /** What was held back goes out. */
  flush(): void {
    const count = this.held;
    this.hold(0);
    if (count > 0) this.send(count, false);
  }

  /** Hands zeros to the socket; returns how many it took. */
  send(count: number, urgent: boolean): number {
    const { socket } = this.file;
    let taken = 0;
    while (socket !== null && taken < count) {
      const packet = socket.allocate();
      if (packet === null) break;
      // Whole segments, so that the place where pieces meet does not show.
      const size = Math.min(count - taken, CHUNK - (CHUNK % Math.max(socket.mss, 1)));
      let filled = 0;
      while (filled < size) {
        const piece = Math.min(size - filled, ZEROS.length);
        if (packet.appendBytes(ZEROS, 0, piece) !== NX_SUCCESS) break;
        filled += piece;
      }
      if (filled === 0) {
        packet.release();
        break;
      }
      const status = urgent ? socket.sendUrgent(packet) : socket.send(packet);
      if (status === NX_SUCCESS) {
        taken += filled;
        if (filled < size) break;
        continue;
      }
      taken += filled - packet.length;
      packet.release();
      break;
    }
    return taken;
  }

  /** Forgets what is held back. */
  close(): void {
    this.hold(0);
    this.alarm.cancel();
  }

  nextDeadline(): number {
    return this.heldUntil;
  }

  onTime(now: number): void {
    if (now >= this.heldUntil) this.flush();
  }

  private hold(count: number): void {
    this.held = count;
    const wait = Math.max(CORK_TIME, this.file.socket?.rto.timeout(0) ?? 0);
    this.heldUntil = count > 0 ? this.time.now + wait : NEVER;
    this.alarm.set(this.heldUntil);
  }
}
