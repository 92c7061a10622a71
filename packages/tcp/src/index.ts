/** TCP: state machine, timers, congestion control, listen queues. */
export type { CongestionController } from './congestion/controller.ts';
export type { LossRecovery } from './congestion/recovery.ts';
export { ControlBlock } from './control-block.ts';
export type * from './profile.ts';
export type { TcpServer, TcpServerOptions } from './server.ts';
export { TcpService } from './service.ts';
export {
  type TcpNotifications,
  type TcpSnapshot,
  TcpSocket,
  type TcpSocketInfo,
  type TcpSocketOptions,
} from './socket.ts';
export * from './states.ts';
export type { RtoEstimator } from './timers/rto.ts';
