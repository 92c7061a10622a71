import { NEVER, TICK, TICKS_PER_SECOND } from '@strata/contracts';

/** {@link KeepAlive.check}: nothing to do. */
export const KEEP_ALIVE_QUIET = 0;
/** A PINGREQ is due. */
export const KEEP_ALIVE_PING = 1;
/** The PINGRESP is overdue: the connection is to be given up. */
export const KEEP_ALIVE_TIMEOUT = 2;

/** The client looks at its timers once a second, and pings when the deadline is no further away than that. */
const PERIOD = TICKS_PER_SECOND;

/**
 * When to ping and when to give up, in NetX's manner: a timer of one second, started when connecting began, looks whether
 * the keep-alive (counted from the last control packet sent; what is received does not count) ends within the next second,
 * so that a ping leaves up to one second early. All of it in ticks. Only the looks that can find something are scheduled.
 */
export class KeepAlive {
  /** Seconds; 0 = off. */
  seconds: number;
  /** A PINGREQ was sent and not answered. */
  outstanding: boolean;
  /** A PINGREQ is due and could not be sent yet. */
  wanted: boolean;
  /** When the last PINGREQ was sent, in microseconds. */
  pingSentAt: number;
  private readonly timeout: number;
  /** Ticks: start of the timer, last look, last control packet sent, ping sent, ping first wanted. */
  private start: number;
  private looked: number;
  private lastSent: number;
  private pinged: number;
  private wantedSince: number;

  /** @param timeout ticks within which the PINGRESP must come */
  constructor(timeout: number) {
    this.seconds = 0;
    this.outstanding = false;
    this.wanted = false;
    this.pingSentAt = 0;
    this.timeout = timeout;
    this.start = 0;
    this.looked = 0;
    this.lastSent = 0;
    this.pinged = 0;
    this.wantedSince = 0;
  }

  /** Starts the timer; `seconds` 0 leaves it off. */
  begin(seconds: number, now: number): void {
    this.seconds = seconds;
    this.start = tick(now);
    this.looked = this.start;
    this.lastSent = this.start;
    this.outstanding = false;
    this.wanted = false;
  }

  end(): void {
    this.seconds = 0;
    this.outstanding = false;
    this.wanted = false;
  }

  /** A control packet has been handed to the stream whole. */
  sent(now: number): void {
    this.lastSent = tick(now);
  }

  /** That control packet was a PINGREQ. */
  pingSent(now: number): void {
    this.wanted = false;
    this.outstanding = true;
    this.pinged = tick(now);
    this.pingSentAt = now;
  }

  /** A piece of a message that the PINGRESP has to wait behind has come: the broker lives. */
  pieceReceived(now: number): void {
    if (this.outstanding) this.pinged = tick(now);
  }

  /** The moment at which the keep-alive ends if nothing is sent, in microseconds. */
  deadline(): number {
    return this.seconds === 0 ? NEVER : (this.lastSent + this.seconds * TICKS_PER_SECOND) * TICK;
  }

  /** The next look that can find something to do, in microseconds. */
  nextLook(): number {
    if (this.seconds === 0) return NEVER;
    let due: number;
    if (this.outstanding) due = this.pinged + this.timeout;
    else if (this.wanted) due = this.wantedSince + this.seconds * TICKS_PER_SECOND;
    else due = this.lastSent + this.seconds * TICKS_PER_SECOND - PERIOD;
    const periods = Math.ceil((Math.max(due, this.looked + 1) - this.start) / PERIOD);
    return (this.start + periods * PERIOD) * TICK;
  }

  /**
   * One look at `now`. `stalled`: what has arrived cannot be processed for want of packets, so that the PINGRESP may be
   * among it; then the client waits for its own pool instead of blaming the broker.
   */
  check(now: number, stalled: boolean): number {
    if (now < this.nextLook()) return KEEP_ALIVE_QUIET;
    const ticks = tick(now);
    this.looked = ticks;
    if (this.outstanding)
      return !stalled && ticks - this.pinged >= this.timeout ? KEEP_ALIVE_TIMEOUT : KEEP_ALIVE_QUIET;
    if (this.wanted) {
      // The stream has taken nothing for a whole keep-alive: the broker has given us up by now (MQTT-3.1.2-24).
      return ticks - this.wantedSince >= this.seconds * TICKS_PER_SECOND ? KEEP_ALIVE_TIMEOUT : KEEP_ALIVE_QUIET;
    }
    if (this.lastSent + this.seconds * TICKS_PER_SECOND - ticks > PERIOD) return KEEP_ALIVE_QUIET;
    this.wanted = true;
    this.wantedSince = ticks;
    return KEEP_ALIVE_PING;
  }
}

function tick(now: number): number {
  return Math.floor(now / TICK);
}
