import { MILLISECOND, SECOND } from '@strata/contracts';
import { CubicController } from '../congestion/cubic.ts';
import { ECN_PASSIVE } from '../congestion/ecn.ts';
import { initialWindow10 } from '../congestion/slow-start.ts';
import { hashedIsn } from '../isn.ts';
import { softNetworkErrors } from '../network-errors.ts';
import { modernOptions } from '../options.ts';
import { EQUAL_SHARES } from '../pool-shares.ts';
import { randomPorts } from '../ports.ts';
import type { TcpProfile } from '../profile.ts';
import { NO_TCP_QUIRKS } from '../quirks.ts';
import { delayedAcks } from '../receive/ack-policies.ts';
import { rfc5961Defence } from '../receive/defences.ts';
import { MODERN_LOSS_POLICIES } from '../recovery/profiles.ts';
import { modernRecovery } from '../recovery/sack-recovery.ts';
import { bufferedSending } from '../send/policies.ts';
import { MODERN_RTO_LIMITS, Rfc6298Rto } from '../timers/estimators.ts';

/** TCP as a current Internet host does it. */
export const modernTcpProfile: TcpProfile = {
  name: 'modern',
  fastTimer: 0,
  slowTimer: 0,
  rto: () => new Rfc6298Rto(MODERN_RTO_LIMITS),
  congestion: () => new CubicController(),
  recovery: () => modernRecovery,
  lossPolicies: MODERN_LOSS_POLICIES,
  ecn: ECN_PASSIVE,
  initialWindow: initialWindow10,
  slowStartAfterIdle: true,
  acks: delayedAcks(40 * MILLISECOND),
  options: modernOptions,
  defence: rfc5961Defence,
  networkErrors: softNetworkErrors,
  sending: bufferedSending,
  isn: hashedIsn,
  ports: randomPorts,
  probeOnTransmitTimer: false,
  probeWithData: true,
  maximumRetries: 15,
  doubtAfter: 3,
  maximumSynRetries: 7,
  transmitQueueMaximum: 1024,
  sendBuffer: 1024 * 1024,
  defaultWindow: 65535,
  automaticWindow: 4 * 1024 * 1024,
  maximumWindow: 0x3fffc000,
  maximumOutOfOrder: 4096,
  reportDuplicates: true,
  mergeReceived: true,
  nagle: true,
  nagleForgivesFull: false,
  pushAlways: false,
  finOnData: true,
  timesSimultaneousOpen: true,
  finWhileOpening: false,
  resetWithAck: true,
  resetWhileClosing: true,
  resetOnBadOptions: false,
  timeWait: 60 * SECOND,
  finWait2: 60 * SECOND,
  orphanLife: 300 * SECOND,
  reuseTimeWait: true,
  resetEndsTimeWait: false,
  acknowledgmentsAtEdge: true,
  requireTimestamps: true,
  resetOnUnread: true,
  errorsFlushUnread: true,
  keepalive: false,
  keepaliveIdle: 7200 * SECOND,
  keepaliveInterval: 75 * SECOND,
  keepaliveProbes: 9,
  resetAfterKeepalive: true,
  keepaliveByAnySegment: true,
  synCookies: true,
  dontFragment: true,
  probeWithAwaited: false,
  quirks: NO_TCP_QUIRKS,
  poolShares: EQUAL_SHARES,
  maximumConnections: 16384,
  maximumTimeWait: 4096,
  unreadLife: 10 * SECOND,
  maximumListeners: 65535,
  challengeAcksPerSecond: 100,
  strayAnswers: { most: 4, interval: 500 * MILLISECOND, challenges: false },
};
