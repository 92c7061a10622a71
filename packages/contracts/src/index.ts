/**
 * `@strata/contracts`: the interfaces between the layers, NetX's status codes, trace event ids, drop reasons.
 *
 * Types and constants only; this package knows nobody and does nothing. The consumer of a service owns its interface, and
 * each has five members at most:
 *
 * - `link.ts` — LinkPort and FrameSink (frames), LinkService and LinkSink (what IP holds per interface)
 * - `network.ts` — NetworkService, Flow, DatagramSink: TCP's and UDP's view of IP
 * - `stream.ts` — PacketStream: what TCP and TLS are and MQTT consumes
 * - `time.ts` — Clock, Timed, Alarm, TimeService, Random
 * - `packet.ts` — the packet that travels through all of them, and who owns it
 */
export * from './address.ts';
export * from './drop.ts';
export * from './drop-reasons.ts';
export * from './link.ts';
export * from './network.ts';
export * from './packet.ts';
export * from './status.ts';
export * from './stream.ts';
export * from './time.ts';
export * from './trace.ts';
export * from './trace-events.ts';
