/**
 * `@strata/stack`: hosts and labs. The only room that knows everybody below; it puts the layers together and adds nothing to
 * what they do.
 *
 * - `Lab` — clock, seed, memory, links, switches, capture; `lab.run(async () => …)` runs until a promise is settled
 * - `Host` — pool, interfaces, IP, UDP, TCP; promises at the edge
 * - `Capture`, `TraceHub` — frames with the reasons beside them; every event of every layer
 * - `netxProfile`, `modernProfile` — the records of policies
 */
export { Capture, type CaptureOptions } from './capture.ts';
export {
  type Environment,
  Host,
  type HostOptions,
  type InterfaceOptions,
  type PingResult,
  type StaticRouteOptions,
} from './host.ts';
export { chooseLinkLocal, configureByDhcp, describeLease, dhcpClientOf } from './host-dhcp.ts';
export { askName, lookUp, resolverOf } from './host-names.ts';
export { Lab, type LabOptions, type LinkOptions, type TcpProbeSink } from './lab.ts';
export { type MqttConnected, MqttSession, type MqttSessionOptions, type MqttTlsOptions } from './mqtt-session.ts';
export { NetError } from './net-error.ts';
export { modernProfile, netxProfile, PROFILES, type Profile, type TlsPolicy } from './profile.ts';
export { ALL_QUIRKS, QUIRKS, type Quirk, withQuirks } from './quirks.ts';
export { StreamConnection, ticksOf, type WaitOptions } from './stream-connection.ts';
export type { HostTlsOptions, TlsListenOptions } from './tls.ts';
export { tlsCause } from './tls-cause.ts';
export { TraceHub, type TraceListener } from './trace-hub.ts';
