import { CONSTANTS } from './constants.ts';
import { type CallOutcome, done, failed, OpenFile, POLLERR, POLLHUP, POLLIN, POLLOUT } from './file.ts';

interface Interest {
  readonly file: OpenFile;
  events: number;
  /** `fd=4`, `ptr=0`, `u32=…`: what comes back with an event. */
  data: string;
  /** Wake-ups of the file that have been reported. */
  reported: number;
  armed: boolean;
}

const EDGE = CONSTANTS.EPOLLET as number;
const ONE_SHOT = CONSTANTS.EPOLLONESHOT as number;

/** An event to report. */
export interface ReadyEvent {
  readonly events: number;
  readonly data: string;
}

/** An epoll instance. */
export class EpollFile extends OpenFile {
  private readonly interests: Map<number, Interest>;

  constructor() {
    super();
    this.interests = new Map();
  }

  control(operation: number, fd: number, file: OpenFile, events: number, data: string): CallOutcome {
    const known = this.interests.get(fd);
    switch (operation) {
      case CONSTANTS.EPOLL_CTL_ADD:
        if (known !== undefined) return failed('EEXIST');
        this.interests.set(fd, { file, events: events >>> 0, data, reported: -1, armed: true });
        return done(0);
      case CONSTANTS.EPOLL_CTL_MOD:
        if (known === undefined) return failed('ENOENT');
        known.events = events >>> 0;
        known.data = data;
        known.reported = -1;
        known.armed = true;
        return done(0);
      case CONSTANTS.EPOLL_CTL_DEL:
        if (known === undefined) return failed('ENOENT');
        this.interests.delete(fd);
        return done(0);
      default:
        return failed('EINVAL');
    }
  }

  /** Up to `maximum` events; those that were edges are thereby over. */
  take(maximum: number): ReadyEvent[] {
    const found: ReadyEvent[] = [];
    for (const interest of this.interests.values()) {
      if (found.length >= maximum) break;
      const { file } = interest;
      if (!interest.armed || file.released) continue;
      const bits = file.ready();
      const wanted = bits & ((interest.events & 0xffff) | POLLERR | POLLHUP);
      if (interest.events & POLLOUT && (bits & POLLOUT) === 0) file.expectRoom();
      if (wanted === 0) continue;
      if ((interest.events & EDGE) !== 0 && interest.reported === file.wakeups) continue;
      interest.reported = file.wakeups;
      if ((interest.events & ONE_SHOT) !== 0) interest.armed = false;
      found.push({ events: wanted, data: interest.data });
    }
    return found;
  }

  ready(): number {
    for (const { file, events } of this.interests.values()) if (file.ready() & events) return POLLIN;
    return 0;
  }

  expectRoom(): void {}

  close(): CallOutcome {
    this.released = true;
    this.interests.clear();
    return done(0);
  }

  destroy(): void {
    this.interests.clear();
  }
}
