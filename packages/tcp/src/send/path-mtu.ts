import { PROTOCOL_TCP, TRACE_TCP_PATH_MTU } from '@strata/contracts';
import type { ControlBlock } from '../control-block.ts';
import { applyFlowOptions, settleMss } from '../establish.ts';
import { markLost } from '../recovery/scoreboard.ts';
import { isSynchronized } from '../states.ts';
import { MARK_FIN, MARK_LOST, MARK_SACKED } from './marks.ts';
import { output } from './output.ts';

/** Path MTU discovery (RFC 1191, RFC 8201) as far as it is TCP's: IP keeps what is known of paths, segments follow it. */

/** The MTU of the path is another than when the MSS was last settled: settles it again. */
export function followPathMtu(tcb: ControlBlock): void {
  const { flow, service } = tcb;
  if (flow === null) return;
  settleMss(tcb);
  if (service.tracer === null) return;
  service.tracer.event(TRACE_TCP_PATH_MTU, tcb.localPort, tcb.remotePort, flow.mtu, tcb.mss, service.current);
}

/**
 * A router dropped a segment of ours because it was too big, and IP has made of it what it makes of it. Whatever is on its
 * way and too big now never arrives: it goes again, cut to size, at once and without a word to congestion control, for no
 * queue was full (RFC 1191 6.4, RFC 8201 5.2).
 */
export function segmentWasTooBig(tcb: ControlBlock): void {
  const { flow } = tcb;
  if (flow === null) return;
  const fresh = tcb.service.network.openFlow(flow.remote, PROTOCOL_TCP, flow.local);
  if (fresh === null || fresh.mtu >= flow.mtu) return;
  tcb.flow = fresh;
  applyFlowOptions(tcb);
  const before = tcb.mss;
  followPathMtu(tcb);
  if (!isSynchronized(tcb.state) || tcb.mss >= before) return;
  const queue = tcb.transmit;
  for (let position = queue.head; position !== queue.unsent; position = (position + 1) | 0) {
    const packet = queue.at(position);
    const payload = packet.marks & MARK_FIN ? packet.sequenceLength - 1 : packet.sequenceLength;
    if (payload > tcb.mss && (packet.marks & (MARK_LOST | MARK_SACKED)) === 0) markLost(tcb, position, packet);
  }
  output(tcb);
}
