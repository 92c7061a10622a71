import { type FrameSink, NX_RECEIVE_PACKET, NX_SUCCESS } from '@strata/contracts';

/** Hands a frame to whoever is attached, now, as frame number `id`. False when there is nobody, or no packet for it. */
export function injectFrame(sink: FrameSink | null, bytes: Uint8Array, id: number): boolean {
  const received = sink?.receivePool.allocate(NX_RECEIVE_PACKET) ?? null;
  if (sink === null || received === null) return false;
  // Two octets in, so that the IP header is at a multiple of four.
  received.prepend = received.dataStart + 2;
  received.append = received.prepend;
  if (received.appendBytes(bytes, 0, bytes.length) !== NX_SUCCESS) {
    received.release();
    return false;
  }
  received.frameId = id;
  sink.accept(received);
  return true;
}
