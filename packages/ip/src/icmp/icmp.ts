import {
  type DatagramInfo,
  type DatagramSink,
  type Disposition,
  DROP_ICMP_CHECKSUM,
  DROP_ICMP_TYPE,
  HANDLED,
  type IpAddress,
  type NetworkError,
  type Packet,
} from '@strata/contracts';
import {
  ICMP_ECHO_REPLY,
  ICMP_ECHO_REQUEST,
  ICMP_REDIRECT,
  IcmpRepr,
  isIcmpError,
  parseIcmp,
  sumPacket,
} from '@strata/wire';
import { IcmpCounters } from '../counters.ts';
import type { IpInstance } from '../instance.ts';
import { Echo } from './echo.ts';
import { IcmpErrors } from './errors.ts';

/** ICMP of one IP instance (RFC 792, RFC 1122 3.2.2): echo in `echo.ts`, errors in both directions in `errors.ts`. */
export class Icmp implements DatagramSink {
  readonly counters: IcmpCounters;
  readonly echo: Echo;
  readonly errors: IcmpErrors;
  /** @internal Who sent the error, of either family, that transports are being told of; null for one made here. */
  reporter: IpAddress | null;
  private readonly header: IcmpRepr;

  constructor(ip: IpInstance) {
    this.counters = new IcmpCounters();
    this.echo = new Echo(ip, this.counters);
    this.errors = new IcmpErrors(ip, this.counters);
    this.reporter = null;
    this.header = new IcmpRepr();
  }

  accept(packet: Packet, info: DatagramInfo): Disposition {
    const header = this.header;
    const reason = parseIcmp(packet.view, packet.prepend, packet.append - packet.prepend, header);
    if (reason !== 0) {
      this.counters.unhandledMessages++;
      return reason;
    }
    if (!info.checksumVerified && sumPacket(packet) !== 0xffff) {
      this.counters.checksumErrors++;
      return DROP_ICMP_CHECKSUM;
    }
    if (header.type === ICMP_ECHO_REQUEST) {
      const disposition = this.echo.answer(packet, header, info);
      if (disposition !== HANDLED) this.counters.unhandledMessages++;
      return disposition;
    }
    if (header.type === ICMP_ECHO_REPLY) return this.echo.replied(packet, header, info);
    if (!isIcmpError(header.type)) {
      this.counters.unhandledMessages++;
      return DROP_ICMP_TYPE;
    }
    const ignored =
      header.type === ICMP_REDIRECT
        ? this.errors.redirected(packet, header, info)
        : this.errors.receive(packet, header);
    if (ignored !== HANDLED) this.counters.unhandledMessages++;
    return ignored;
  }

  /** True when the quoted message is an echo request whose answer somebody waits for. */
  confirms(error: NetworkError): boolean {
    return this.echo.awaits(error);
  }

  /** An error about one of our own echo requests. */
  networkError(error: NetworkError): void {
    this.echo.failed(error);
  }
}
