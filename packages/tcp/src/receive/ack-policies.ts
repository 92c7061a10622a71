import { MILLISECOND, TICK } from '@strata/contracts';
import type { ControlBlock } from '../control-block.ts';
import type { AckPolicy } from '../profile.ts';
import { TCP_ESTABLISHED } from '../states.ts';
import { delayAcknowledgment } from '../timers/arm.ts';
import { receiverAvoidance } from '../window.ts';

/**
 * NetX's acknowledgments: by the timer, by data going out, or when the application's reading has opened half the window;
 * less than half is told by the timer.
 * @param every acknowledge each n-th in-order segment while ESTABLISHED (NX_TCP_ACK_EVERY_N_PACKETS); 0: never for their number
 */
export function netxAcks(every: number): AckPolicy {
  return {
    delay: 20 * TICK,
    updatesAfterRead: false,
    tellsAnyGrowth: true,

    dataArrived(tcb: ControlBlock): void {
      tcb.unackedSegments++;
      if (every > 0 && tcb.unackedSegments >= every && tcb.state === TCP_ESTABLISHED) tcb.ackNow = true;
      else delayAcknowledgment(tcb);
    },

    windowGrew(tcb: ControlBlock, growth: number): boolean {
      return growth >= tcb.windowSize >> 1;
    },

    advertise(_tcb: ControlBlock, room: number): number {
      return room;
    },
  };
}

/**
 * RFC 5681 4.2 and RFC 9293 3.8.6: at least every second full segment, at once when a gap was filled, otherwise after
 * `delay` microseconds (below 500 ms); the window opens in steps of a segment or half the buffer.
 */
export function delayedAcks(delay: number = 40 * MILLISECOND): AckPolicy {
  return {
    delay,
    updatesAfterRead: true,

    dataArrived(tcb: ControlBlock, octets: number, filledGap: boolean): void {
      tcb.unackedBytes += octets;
      if (filledGap || tcb.reassemblyHead !== null || tcb.unackedBytes >= 2 * tcb.rcvMss) tcb.ackNow = true;
      else delayAcknowledgment(tcb);
    },

    windowGrew(tcb: ControlBlock, growth: number): boolean {
      const promised = (tcb.rcvAdv - tcb.rcvNxt) | 0;
      return growth >= Math.min(tcb.windowSize >> 1, 2 * tcb.rcvMss) && promised + growth >= 2 * promised;
    },

    advertise(tcb: ControlBlock, room: number, promised: number): number {
      return receiverAvoidance(room, promised, tcb.rcvMss > 0 ? tcb.rcvMss : tcb.mss, tcb.windowSize);
    },
  };
}
