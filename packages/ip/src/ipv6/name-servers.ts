import type { Clock, IpAddress } from '@strata/contracts';
import { sameAddress } from '@strata/wire';
import type { IpInterface } from '../interface.ts';
import { isUnicast6 } from './scope.ts';

/** As many as RFC 8106 5.3.1 asks for, and some more. */
const LIMIT = 8;

interface AdvertisedServer {
  readonly incoming: IpInterface;
  readonly address: IpAddress;
  readonly expires: number;
}

/** The DNS servers that routers advertise (RFC 8106), each for its time. IP does not use them; whoever asks for names may. */
export class AdvertisedNameServers {
  private readonly clock: Clock;
  private readonly servers: AdvertisedServer[];

  constructor(clock: Clock) {
    this.clock = clock;
    this.servers = [];
  }

  /** Those that are good now, in order of their coming. */
  get addresses(): readonly IpAddress[] {
    return this.servers.filter((each) => each.expires > this.clock.now).map((each) => each.address);
  }

  /** Takes one; an end that is not in the future takes it away. The one that ends first goes when there are too many. */
  set(incoming: IpInterface, address: IpAddress, expires: number): void {
    if (!isUnicast6(address.w0, address.w1, address.w2, address.w3)) return;
    const at = this.servers.findIndex((each) => each.incoming === incoming && sameAddress(each.address, address));
    const server: AdvertisedServer = { incoming, address, expires };
    if (expires <= this.clock.now) {
      if (at >= 0) this.servers.splice(at, 1);
    } else if (at >= 0) this.servers[at] = server;
    else {
      if (this.servers.length >= LIMIT) this.dropFirstToEnd();
      this.servers.push(server);
    }
  }

  private dropFirstToEnd(): void {
    let first = 0;
    for (const [i, each] of this.servers.entries()) {
      if (each.expires < (this.servers[first] as AdvertisedServer).expires) first = i;
    }
    this.servers.splice(first, 1);
  }
}
