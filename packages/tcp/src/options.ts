import { TCP_OPTION_END, TCP_OPTION_MSS, TCP_OPTION_NOP, TCP_OPTION_WINDOW_SCALE, type TcpHeader } from '@strata/wire';
import type { ControlBlock } from './control-block.ts';
import { pathMss } from './establish.ts';
import type { OptionSet } from './profile.ts';
import { MAXIMUM_WINDOW_SHIFT, windowShift } from './window.ts';

/** NetX without window scaling: MSS, three NOPs and the end, eight octets, on SYN and SYN-ACK; nothing on other segments. */
export const netxOptions: OptionSet = {
  dataHeadroom: 0,

  emitSyn(tcb: ControlBlock, view: DataView, at: number): number {
    emitMss(tcb, view, at);
    view.setInt32(at + 4, THREE_NOPS_END);
    return 8;
  },

  negotiate(tcb: ControlBlock): void {
    tcb.sndScale = 0;
    tcb.rcvScale = 0;
  },

  dataLength(): number {
    return 0;
  },

  emitData(): void {},
};

/** MSS and window scale (RFC 7323 2.2): in a SYN-ACK only when the SYN had it, in force only when both had. */
export const modernOptions: OptionSet = {
  dataHeadroom: 12,

  emitSyn(tcb: ControlBlock, view: DataView, at: number, passive: boolean): number {
    emitMss(tcb, view, at);
    if (passive && !tcb.scaling) return 4;
    view.setUint8(at + 4, TCP_OPTION_NOP);
    view.setUint8(at + 5, TCP_OPTION_WINDOW_SCALE);
    view.setUint8(at + 6, 3);
    view.setUint8(at + 7, windowShift(tcb.windowSize));
    return 8;
  },

  negotiate(tcb: ControlBlock, segment: TcpHeader): void {
    const shift = segment.windowScale;
    tcb.scaling = shift >= 0;
    tcb.sndScale = shift < 0 ? 0 : Math.min(shift, MAXIMUM_WINDOW_SHIFT);
    tcb.rcvScale = shift < 0 ? 0 : windowShift(tcb.windowSize);
  },

  dataLength(): number {
    return 0;
  },

  emitData(): void {},
};

const THREE_NOPS_END = (TCP_OPTION_NOP << 24) | (TCP_OPTION_NOP << 16) | (TCP_OPTION_NOP << 8) | TCP_OPTION_END;

/** RFC 9293 3.7.1: what this host can take in one segment. */
function emitMss(tcb: ControlBlock, view: DataView, at: number): void {
  const path = pathMss(tcb);
  const mss = tcb.mssLimit > 0 && tcb.mssLimit < path ? tcb.mssLimit : path;
  view.setUint8(at, TCP_OPTION_MSS);
  view.setUint8(at + 1, 4);
  view.setUint16(at + 2, Math.min(mss, 0xffff));
}
