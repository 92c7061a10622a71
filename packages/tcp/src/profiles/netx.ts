import { MILLISECOND, NEVER, SECOND, TICK } from '@strata/contracts';
import { ECN_OFF } from '../congestion/ecn.ts';
import { netxRecovery } from '../congestion/fast-recovery.ts';
import { netxController, netxInitialWindow } from '../congestion/netx.ts';
import { netxIsn } from '../isn.ts';
import { ignoreNetworkErrors } from '../network-errors.ts';
import { netxOptions } from '../options.ts';
import { GENEROUS_SHARES } from '../pool-shares.ts';
import { randomPorts } from '../ports.ts';
import type { TcpProfile } from '../profile.ts';
import { NO_TCP_QUIRKS } from '../quirks.ts';
import { netxAcks } from '../receive/ack-policies.ts';
import { classicDefence } from '../receive/defences.ts';
import { PLAIN_LOSS_POLICIES } from '../recovery/profiles.ts';
import { directSending } from '../send/policies.ts';
import { FixedRto } from '../timers/estimators.ts';

/** TCP as NetX Duo 6.4 does it with default options. */
export const netxTcpProfile: TcpProfile = {
  name: 'netx',
  fastTimer: 10 * TICK,
  slowTimer: 100 * TICK,
  rto: () => new FixedRto(SECOND, 0),
  congestion: () => netxController,
  recovery: () => netxRecovery,
  lossPolicies: PLAIN_LOSS_POLICIES,
  ecn: ECN_OFF,
  initialWindow: (mss) => netxInitialWindow(mss, false),
  slowStartAfterIdle: false,
  acks: netxAcks(0),
  options: netxOptions,
  defence: classicDefence,
  networkErrors: ignoreNetworkErrors,
  sending: directSending,
  isn: netxIsn,
  ports: randomPorts,
  probeOnTransmitTimer: true,
  probeWithData: true,
  maximumRetries: 10,
  doubtAfter: 0,
  maximumSynRetries: 10,
  transmitQueueMaximum: 20,
  sendBuffer: 0xffff,
  defaultWindow: 8192,
  automaticWindow: 0,
  maximumWindow: 0xffff,
  maximumOutOfOrder: 0,
  reportDuplicates: false,
  mergeReceived: false,
  nagle: false,
  nagleForgivesFull: false,
  pushAlways: true,
  finOnData: false,
  timesSimultaneousOpen: false,
  finWhileOpening: true,
  resetWithAck: false,
  resetWhileClosing: false,
  resetOnBadOptions: true,
  timeWait: 240 * SECOND,
  finWait2: NEVER,
  orphanLife: NEVER,
  reuseTimeWait: false,
  resetEndsTimeWait: true,
  acknowledgmentsAtEdge: false,
  requireTimestamps: false,
  resetOnUnread: false,
  errorsFlushUnread: true,
  keepalive: false,
  keepaliveIdle: 7200 * SECOND,
  keepaliveInterval: 75 * SECOND,
  keepaliveProbes: 10,
  resetAfterKeepalive: false,
  keepaliveByAnySegment: false,
  synCookies: false,
  dontFragment: false,
  probeWithAwaited: true,
  quirks: NO_TCP_QUIRKS,
  poolShares: GENEROUS_SHARES,
  maximumConnections: 0,
  maximumTimeWait: 0,
  unreadLife: NEVER,
  maximumListeners: 10,
  challengeAcksPerSecond: 0,
  strayAnswers: { most: 4, interval: 500 * MILLISECOND, challenges: false },
};
