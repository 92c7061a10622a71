/**
 * `@strata/pcap-writer`: capture files, written and read — pcapng (draft-ietf-opsawg-pcapng) and classic pcap
 * (draft-ietf-opsawg-pcap).
 *
 * It knows files and packets, and no protocol: a packet is bytes with a time, an interface and whatever is to be said
 * about it. Nothing is added by itself — no wall clock, host name or version — so equal calls give equal bytes. It runs
 * in a browser too; sinks for files and pipes are in `@strata/pcap-writer/node`.
 *
 * - `pcapng/writer.ts`, `pcap/writer.ts` — into a {@link ByteSink}
 * - `ordered-packet-queue.ts` — packets that can be commented on after they were sent
 * - `reader.ts` — both formats, from chunks, never throwing
 *
 * ```ts
 * const sink = new MemorySink();
 * const capture = new PcapngWriter(sink, { application: 'example', comments: ['seed 42'] });
 * const link = capture.addInterface({ name: 'a/eth0<->b/eth0' });
 * capture.writePacket(link, 1_500_000, frame, { direction: 'outbound', comments: ['SYN_SENT'] });
 * capture.end();
 * for (const event of readCapture(sink.bytes())) if (event.kind === 'packet') show(event.time, event.data);
 * ```
 */
export * from './events.ts';
export * from './ordered-packet-queue.ts';
export * from './pcap/writer.ts';
export * from './pcapng/codes.ts';
export * from './pcapng/writer.ts';
export * from './reader.ts';
export * from './recorder.ts';
export * from './sink.ts';
export type { CaptureTime } from './time.ts';
