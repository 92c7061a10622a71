/**
 * `@strata/tcp`: TCP (RFC 9293) over any `NetworkService`.
 *
 * One engine whose every debatable decision is a policy of a {@link TcpProfile}: `netxTcpProfile` behaves as NetX Duo does,
 * `modernTcpProfile` as a current Internet host. Owns connections, ports and listeners; knows nothing of IP's inside and
 * never calls the application from inside the state machine (RFC 9293, NetX Duo UG 3 "Transmission Control Protocol").
 *
 * ```ts
 * const tcp = new TcpService(ip, pool, time, random, netxTcpProfile, null);
 * tcp.listen(7, { onConnection: (socket) => { socket.listener = echo(socket); } });
 * const socket = tcp.open(remote, 7, listener);
 * ```
 */
export type { CongestionController } from './congestion/controller.ts';
export { CONGESTION_CONTROLLERS } from './congestion/controllers.ts';
export { CubicController } from './congestion/cubic.ts';
export { ECN_ACTIVE, ECN_OFF, ECN_PASSIVE } from './congestion/ecn.ts';
export { netxRecovery, newRenoRecovery } from './congestion/fast-recovery.ts';
export { netxController } from './congestion/netx.ts';
export type { LossRecovery } from './congestion/recovery.ts';
export { renoController } from './congestion/reno.ts';
export { INFINITE_THRESHOLD, initialWindow10 } from './congestion/slow-start.ts';
export { ControlBlock } from './control-block.ts';
export { TcpCounters } from './counters.ts';
export type { ListenCallback } from './listener.ts';
export { impatientNetworkErrors, softNetworkErrors } from './network-errors.ts';
export type { TcpNotifications } from './notifications.ts';
export {
  MODERN_SWITCHES,
  modernOptions,
  netxOptions,
  netxScaledOptions,
  type OptionSwitches,
  tcpOptions,
} from './options.ts';
export { EQUAL_SHARES, GENEROUS_SHARES, type PoolShares } from './pool-shares.ts';
export { PROBE_COLUMNS, probeCsvHeader, probeCsvLine, probeRow, type TcpProbe, type TcpProbeRow } from './probe.ts';
export { PROBE_RECEIVED, PROBE_SENT } from './probe-events.ts';
export type * from './profile.ts';
export { modernTcpProfile } from './profiles/modern.ts';
export { netxTcpProfile } from './profiles/netx.ts';
export { NO_TCP_QUIRKS, TCP_QUIRKS, type TcpQuirk, type TcpQuirks, tcpQuirks } from './quirks.ts';
export { delayedAcks, netxAcks } from './receive/ack-policies.ts';
export { classicDefence, rfc5961Defence } from './receive/defences.ts';
export { type RecoveryInfo, recoveryInfo } from './recovery/info.ts';
export type { LossDetection, LossPolicies, WindowReduction } from './recovery/policies.ts';
export { MODERN_LOSS_POLICIES, PLAIN_LOSS_POLICIES } from './recovery/profiles.ts';
export { immediateReduction, proportionalReduction } from './recovery/prr.ts';
export { rackDetection } from './recovery/rack.ts';
export { sackThresholdDetection } from './recovery/rfc6675.ts';
export { modernRecovery } from './recovery/sack-recovery.ts';
export {
  PHASE_DISORDER,
  PHASE_LOSS,
  PHASE_NAMES,
  PHASE_OPEN,
  PHASE_RECOVERY,
  PHASE_REDUCTION,
} from './recovery/state.ts';
export { bufferedSending, directSending } from './send/policies.ts';
export { TcpServer, type TcpServerOptions } from './server.ts';
export { TcpService } from './service.ts';
export type { TcpInfo, TcpSnapshot, TcpSocketInfo } from './snapshot.ts';
export { TcpSocket, type TcpSocketOptions } from './socket.ts';
export * from './states.ts';
export { FixedRto, MODERN_RTO_LIMITS, Rfc6298Rto, type RtoLimits, SteadyRto } from './timers/estimators.ts';
export type { RtoEstimator } from './timers/rto.ts';
export { drawTransitions, TCP_TRANSITIONS, type TcpEdge } from './transition.ts';
