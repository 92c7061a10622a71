import { type IpPolicy, modernIpPolicy, netxIpPolicy } from '@strata/ip';
import { modernTcpProfile, netxTcpProfile, type TcpProfile } from '@strata/tcp';
import { modernUdpPolicy, netxUdpPolicy, type UdpPolicy } from '@strata/udp';
import type { Quirk } from './quirks.ts';

/** How a host's TLS sessions behave where NetX and others differ. */
export interface TlsPolicy {
  /** Seconds that a session waits, after its close_notify, for the peer's before it ends the connection. */
  readonly closeWaitSeconds: number;
}

/** The policies of a host, layer by layer. Any mix is legal. */
export interface Profile {
  readonly name: string;
  readonly ip: IpPolicy;
  readonly udp: UdpPolicy;
  readonly tcp: TcpProfile;
  readonly tls: TlsPolicy;
  /** Defects of the real stack that are switched on (`withQuirks`). Default none. */
  readonly quirks?: readonly Quirk[];
}

/** NetX Duo 6.4 on the wire and in time; the default. */
export const netxProfile: Profile = {
  name: 'netx',
  ip: netxIpPolicy,
  udp: netxUdpPolicy,
  tcp: netxTcpProfile,
  tls: { closeWaitSeconds: 0 },
};

/** What a current Internet host has. */
export const modernProfile: Profile = {
  name: 'modern',
  ip: modernIpPolicy,
  udp: modernUdpPolicy,
  tcp: modernTcpProfile,
  tls: { closeWaitSeconds: 1 },
};

/** The profiles that have a name. */
export const PROFILES: Readonly<Record<string, Profile>> = { netx: netxProfile, modern: modernProfile };
