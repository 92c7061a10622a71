/**
 * `@strata/testkit`: what tests of the stack stand on. It may use `node:*`, and no other package of the product uses it.
 *
 * - `scripted-peer.ts` — {@link ScriptedPeer}: one real host, and the test as its peer, in virtual time
 * - `checkers.ts` — checks of frames that combine; `frame-maker.ts` — frames to send
 * - `leak-guard.ts`, `double-run.ts` — every packet given back; same seed, same bytes
 * - `packet-stream-contract.ts` — what every `PacketStream` promises, checked on TCP and TLS (`stream-pairs.ts`)
 * - `frame-storm.ts` — mutated frames thrown at a host
 * - `transfer-scenario.ts` — two hosts, a link with faults, all from one seed
 * - `mqtt-session-scenario.ts` — an MQTT session that breaks at any step; `mqtt-session-driver.ts` — its application
 */
export * from './checkers.ts';
export { doubleRun, firstDifference } from './double-run.ts';
export { FrameMaker, flagBits, type SegmentFields, type Station, TRANSPORT } from './frame-maker.ts';
export { type FrameStormOptions, type FrameStormResult, frameStorm } from './frame-storm.ts';
export { type Ipv4StormResult, ipv4Storm } from './ipv4-storm.ts';
export { type Ipv6StormResult, ipv6Storm } from './ipv6-storm.ts';
export { isAtRest, leakGuard, leaks } from './leak-guard.ts';
export {
  type DriverOptions,
  judgeDelivery,
  MqttSessionDriver,
  type NumberedMessage,
  topicOf,
} from './mqtt-session-driver.ts';
export {
  type MqttSessionOptions,
  type MqttSessionResult,
  mqttSessionScenario,
  numbered,
  type ScenarioBroker,
  type StartBroker,
} from './mqtt-session-scenario.ts';
export { randomMutation, systematicMutations } from './mutations.ts';
export {
  type MakePair,
  PACKET_STREAM_CONTRACT,
  type StreamPair,
  type StreamPromise,
} from './packet-stream-contract.ts';
export { repairChecksums } from './repair.ts';
export { HOST_ADDRESS, PEER_ADDRESS, ScriptedPeer, type ScriptedPeerOptions } from './scripted-peer.ts';
export { tcpPair, tlsPair } from './stream-pairs.ts';
export { saveCapture, Transcript } from './transcript.ts';
export { type EndPlan, TransferEnd } from './transfer-end.ts';
export { type TransferOptions, type TransferResult, type TransferSide, transferScenario } from './transfer-scenario.ts';
