import { MILLISECOND } from '@strata/contracts';
import type { ControlBlock } from '../control-block.ts';
import type { TcpService } from '../service.ts';

/** Round trips are not taken for shorter than this. */
const SHORTEST_ROUND = MILLISECOND;

/**
 * Dynamic right-sizing (Fisk and Feng 2001): a receive window that the application did not choose grows to twice what it
 * reads in a round trip, so that it does not hold a fast path back, and never to more than the pool can hold for one connection.
 */

/** How far the window of a socket that left it to the profile may grow. */
export function automaticLimit(service: TcpService, windowSize: number): number {
  const { pool, profile } = service;
  const share = (service.poolPackets >> 2) * (pool.payloadSize - service.dataHeadroom);
  return Math.max(windowSize, Math.min(profile.automaticWindow, share));
}

/** The application has read `octets`. */
export function noteRead(tcb: ControlBlock, octets: number): void {
  const { now } = tcb.time;
  tcb.readInRound += octets;
  const { srtt } = tcb.rto;
  if (now - tcb.roundSince < (srtt > SHORTEST_ROUND ? srtt : SHORTEST_ROUND)) return;
  const wanted = 2 * tcb.readInRound;
  if (wanted > tcb.windowSize) tcb.windowSize = Math.min(wanted, tcb.windowLimit);
  tcb.readInRound = 0;
  tcb.roundSince = now;
}
