import {
  TCP_OPTION_END,
  TCP_OPTION_MSS,
  TCP_OPTION_NOP,
  TCP_OPTION_SACK_PERMITTED,
  TCP_OPTION_TIMESTAMPS,
  TCP_OPTION_WINDOW_SCALE,
  type TcpHeader,
} from '@strata/wire';
import type { ControlBlock } from './control-block.ts';
import { pathMss } from './establish.ts';
import type { OptionSet } from './profile.ts';
import { emitSack, sackLength } from './receive/sack-blocks.ts';
import { firstTimestamp, timestampNow } from './timestamps.ts';
import { MAXIMUM_WINDOW_SHIFT, windowShift } from './window.ts';

/** NetX without window scaling: MSS, three NOPs and the end, eight octets, on SYN and SYN-ACK; nothing on other segments. */
export const netxOptions: OptionSet = {
  offers: { timestamps: false, sack: false, windowScale: false },
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

  controlLength(): number {
    return 0;
  },

  emitControl(): void {},
};

/** NetX built with NX_ENABLE_TCP_WINDOW_SCALING: MSS, window scale and the end; where the peer offered none, NOPs as without. */
export const netxScaledOptions: OptionSet = {
  ...netxOptions,
  offers: { timestamps: false, sack: false, windowScale: true },

  emitSyn(tcb: ControlBlock, view: DataView, at: number, passive: boolean): number {
    emitMss(tcb, view, at);
    const scaled = !passive || tcb.scaling;
    view.setInt32(at + 4, scaled ? WINDOW_SCALE_END | (windowShift(tcb.windowSize) << 8) : THREE_NOPS_END);
    return 8;
  },

  negotiate(tcb: ControlBlock, segment: TcpHeader): void {
    tcb.scaling = segment.windowScale >= 0;
    tcb.sndScale = tcb.scaling ? Math.min(segment.windowScale, MAXIMUM_WINDOW_SHIFT) : 0;
    tcb.rcvScale = tcb.scaling ? windowShift(tcb.windowSize) : 0;
  },
};

/** Which options a host offers in its SYN and takes up in its SYN-ACK when the peer offers them. */
export interface OptionSwitches {
  /** RFC 7323 3. */
  readonly timestamps: boolean;
  /** RFC 2018. */
  readonly sack: boolean;
  /** RFC 7323 2. */
  readonly windowScale: boolean;
}

/** All of them. */
export const MODERN_SWITCHES: OptionSwitches = { timestamps: true, sack: true, windowScale: true };

/**
 * The options of current hosts, each of which can be left out: in a SYN-ACK only what the SYN had, in force only what both
 * had. The layout is the usual one: MSS, SACK permitted in front of timestamps where both are, NOP and window scale.
 */
export function tcpOptions(offers: OptionSwitches): OptionSet {
  return {
    offers,
    dataHeadroom: offers.timestamps ? TIMESTAMPS_LENGTH : 0,

    emitSyn(tcb: ControlBlock, view: DataView, at: number, passive: boolean): number {
      return emitSynOptions(
        view,
        at,
        announcedMss(tcb),
        passive ? tcb.timestamps : offers.timestamps,
        timestampNow(tcb),
        tcb.tsRecent,
        passive ? tcb.sackPermitted : offers.sack,
        (passive ? tcb.scaling : offers.windowScale) ? windowShift(Math.max(tcb.windowLimit, tcb.windowSize)) : -1,
      );
    },

    negotiate(tcb: ControlBlock, segment: TcpHeader): void {
      const shift = segment.windowScale;
      tcb.scaling = offers.windowScale && shift >= 0;
      tcb.sndScale = tcb.scaling ? Math.min(shift, MAXIMUM_WINDOW_SHIFT) : 0;
      tcb.rcvScale = tcb.scaling ? windowShift(Math.max(tcb.windowLimit, tcb.windowSize)) : 0;
      tcb.sackPermitted = offers.sack && segment.sackPermitted;
      tcb.timestamps = offers.timestamps && segment.hasTimestamps;
      if (tcb.timestamps) firstTimestamp(tcb, segment);
    },

    dataLength(tcb: ControlBlock): number {
      return tcb.timestamps ? TIMESTAMPS_LENGTH : 0;
    },

    emitData(tcb: ControlBlock, view: DataView, at: number): void {
      emitTimestamps(tcb, view, at);
    },

    controlLength(tcb: ControlBlock): number {
      const length = tcb.timestamps ? TIMESTAMPS_LENGTH : 0;
      return tcb.sackBlocks === null ? length : length + sackLength(tcb, OPTION_SPACE - length);
    },

    emitControl(tcb: ControlBlock, view: DataView, at: number): void {
      let length = 0;
      if (tcb.timestamps) {
        emitTimestamps(tcb, view, at);
        length = TIMESTAMPS_LENGTH;
      }
      if (tcb.sackBlocks === null) return;
      const sack = sackLength(tcb, OPTION_SPACE - length);
      if (sack > 0) emitSack(tcb, view, at + length, sack);
    },
  };
}

/** Octets that a header has for options. */
const OPTION_SPACE = 40;
/** Two NOPs or SACK permitted, and the timestamps option. */
const TIMESTAMPS_LENGTH = 12;
const ALIGNED_TIMESTAMPS = (TCP_OPTION_NOP << 24) | (TCP_OPTION_NOP << 16) | (TCP_OPTION_TIMESTAMPS << 8) | 10;
const SACK_PERMITTED_TIMESTAMPS = (TCP_OPTION_SACK_PERMITTED << 24) | (2 << 16) | (TCP_OPTION_TIMESTAMPS << 8) | 10;
const NOPS_SACK_PERMITTED = (TCP_OPTION_NOP << 24) | (TCP_OPTION_NOP << 16) | (TCP_OPTION_SACK_PERMITTED << 8) | 2;
const NOP_WINDOW_SCALE = (TCP_OPTION_NOP << 24) | (TCP_OPTION_WINDOW_SCALE << 16) | (3 << 8);

/**
 * Writes the options of a SYN-ACK without a connection (see `receive/syn-cookies.ts`), in the layout of all others; returns
 * their length. `shift` is -1 without window scale.
 */
export function emitSynOptions(
  view: DataView,
  at: number,
  mss: number,
  timestamps: boolean,
  value: number,
  echo: number,
  sack: boolean,
  shift: number,
): number {
  view.setInt32(at, (TCP_OPTION_MSS << 24) | (4 << 16) | mss);
  let length = 4;
  if (timestamps) {
    view.setInt32(at + length, sack ? SACK_PERMITTED_TIMESTAMPS : ALIGNED_TIMESTAMPS);
    view.setInt32(at + length + 4, value);
    view.setInt32(at + length + 8, echo);
    length += TIMESTAMPS_LENGTH;
  } else if (sack) {
    view.setInt32(at + length, NOPS_SACK_PERMITTED);
    length += 4;
  }
  if (shift >= 0) {
    view.setInt32(at + length, NOP_WINDOW_SCALE | shift);
    length += 4;
  }
  return length;
}

/** The two timestamps (RFC 7323 3.2): our clock, and what is to be echoed. */
function emitTimestamps(tcb: ControlBlock, view: DataView, at: number): void {
  view.setInt32(at, ALIGNED_TIMESTAMPS);
  view.setInt32(at + 4, timestampNow(tcb));
  view.setInt32(at + 8, tcb.tsRecent);
}

const WINDOW_SCALE_END = (TCP_OPTION_WINDOW_SCALE << 24) | (3 << 16) | TCP_OPTION_END;
const THREE_NOPS_END = (TCP_OPTION_NOP << 24) | (TCP_OPTION_NOP << 16) | (TCP_OPTION_NOP << 8) | TCP_OPTION_END;

/** RFC 9293 3.7.1: what this host can take in one segment. */
function announcedMss(tcb: ControlBlock): number {
  const path = pathMss(tcb);
  const mss = tcb.mssLimit > 0 && tcb.mssLimit < path ? tcb.mssLimit : path;
  return Math.min(mss, 0xffff);
}

function emitMss(tcb: ControlBlock, view: DataView, at: number): void {
  view.setInt32(at, (TCP_OPTION_MSS << 24) | (4 << 16) | announcedMss(tcb));
}

/** All that current hosts offer. */
export const modernOptions: OptionSet = tcpOptions(MODERN_SWITCHES);
