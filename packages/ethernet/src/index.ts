/**
 * `@strata/ethernet`: the emulated Ethernet. Owns the driver that IP stands on, the links between hosts, and what goes wrong
 * on them. Knows nothing of IP: to it a frame is two addresses, a type, and bytes.
 *
 * - `EthernetDriver` — adds and strips the Ethernet header, filters by address and VLAN (IEEE 802.3, 802.1Q)
 * - `Segment` — a cable or shared medium; `LoopbackBridge` — the embedded default of two ends
 * - `Switch` — learns where addresses are, per VLAN, and floods what it does not know
 * - `FaultPlan` — what one direction of a link does to frames; `parseFaultPlan` reads the command line's form
 * - `FrameTap` — hears every frame of a link with its fate
 *
 * ```ts
 * const time = new Scheduler();
 * const bridge = new LoopbackBridge({ time });
 * const driver = new EthernetDriver({ port: bridge.a, mac: { msw: 0x0200, lsw: 1 } });
 * bridge.a.setFaults({ lossRate: 0.05, delayMicroseconds: 20_000 });
 * ```
 */
export {
  EthernetDriver,
  type EthernetDriverCounters,
  type EthernetDriverOptions,
  type MacAddress,
} from './driver.ts';
export type { EndCounters } from './end-counters.ts';
export * from './fault-plan.ts';
export {
  type FaultTexts,
  FaultValueError,
  parseChosenFrames,
  parseDuration,
  parseFaultPlan,
  parseGilbertElliott,
  parseOutages,
  parseProbability,
  parseRate,
  parseSize,
} from './fault-text.ts';
export type { ForwardingEntry } from './forwarding-table.ts';
export { ETHERTYPE_PREDICATES, hasEtherType } from './predicates.ts';
export { LoopbackBridge, Segment, type SegmentOptions } from './segment.ts';
export { SegmentEnd } from './segment-end.ts';
export { Switch, type SwitchOptions, SwitchPort, type SwitchPortCounters, type SwitchPortOptions } from './switch.ts';
export {
  FATE_CORRUPTED,
  FATE_DUPLICATE,
  FATE_LOST,
  FATE_NAMES,
  FATE_OUTAGE,
  FATE_QUEUE_OVERFLOW,
  FATE_REORDERED,
  FATE_SENT,
  FrameIds,
  type FrameTap,
  type TappedFrame,
} from './tap.ts';
export { VlanTrunk } from './vlan-trunk.ts';
