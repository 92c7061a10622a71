import type { DatagramInfo, IpAddress, IpFamily, NetworkError } from '@strata/contracts';
import { IPV4_ANY } from '@strata/wire';

/** The one record in which IP describes datagrams to transports. */
export class DatagramRecord implements DatagramInfo {
  family: IpFamily;
  protocol: number;
  source0: number;
  source1: number;
  source2: number;
  source3: number;
  destination0: number;
  destination1: number;
  destination2: number;
  destination3: number;
  timeToLive: number;
  typeOfService: number;
  interfaceIndex: number;
  linkCast: number;
  toUnicast: boolean;
  pseudoHeaderSum: number;
  checksumVerified: boolean;

  constructor() {
    this.family = 4;
    this.protocol = 0;
    this.source0 = 0;
    this.source1 = 0;
    this.source2 = 0;
    this.source3 = 0;
    this.destination0 = 0;
    this.destination1 = 0;
    this.destination2 = 0;
    this.destination3 = 0;
    this.timeToLive = 0;
    this.typeOfService = 0;
    this.interfaceIndex = 0;
    this.linkCast = 0;
    this.toUnicast = false;
    this.pseudoHeaderSum = 0;
    this.checksumVerified = false;
  }
}

/** The one record in which IP describes errors to transports. */
export class NetworkErrorRecord implements NetworkError {
  family: IpFamily;
  kind: number;
  type: number;
  code: number;
  mtu: number;
  local: IpAddress;
  remote: IpAddress;
  protocol: number;
  localPort: number;
  remotePort: number;
  sequence: number;

  constructor() {
    this.family = 4;
    this.kind = 0;
    this.type = 0;
    this.code = 0;
    this.mtu = 0;
    this.local = IPV4_ANY;
    this.remote = IPV4_ANY;
    this.protocol = 0;
    this.localPort = 0;
    this.remotePort = 0;
    this.sequence = 0;
  }
}
