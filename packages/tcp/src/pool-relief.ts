import { MILLISECOND, NEVER } from '@strata/contracts';
import type { ControlBlock } from './control-block.ts';
import { sendReset } from './send/control.ts';
import type { TcpService } from './service.ts';
import { CAUSE_EVICTED } from './states.ts';
import { endConnection } from './teardown.ts';

/** The pool is looked through no more often than this. */
const INTERVAL = 100 * MILLISECOND;

/**
 * A peer that has acknowledged nothing for so many timeouts in a row is taken for gone where packets are short: with the
 * shortest timeout that is some ten seconds.
 */
const STALLED_RETRIES = 6;

/**
 * What shares of the pool cannot prevent: so many connections hold a packet or two with data that nobody reads that nothing
 * is left for the others. When that is so, and only then, connections whose data have waited longer than the profile bears are
 * reset, those first that have waited longest, until packets are no longer short; `asking`, whose event is being processed,
 * is not. Data to send that peers do not take are borne longer: until a connection that holds nothing gets nothing (RFC 6429
 * 4: a host short of memory may end those whose windows stay closed). True when any was.
 */
export function relievePool(service: TcpService, asking: ControlBlock): boolean {
  const { pool, poolReserve, profile, time } = service;
  const { now } = time;
  if (profile.unreadLife === NEVER || pool.available > 5 * poolReserve || now - service.relievedAt < INTERVAL)
    return false;
  service.relievedAt = now;
  const unread = evictOldest(service, asking, unreadSince, 6 * poolReserve);
  return (pool.available <= poolReserve && evictOldest(service, asking, stalledSince, 4 * poolReserve)) || unread;
}

/** Resets connections that have been so for the profile's time, until so many packets are free. True when any was. */
function evictOldest(
  service: TcpService,
  asking: ControlBlock,
  since: (tcb: ControlBlock) => number,
  enough: number,
): boolean {
  const latest = service.time.now - service.profile.unreadLife;
  const candidates = service.connections
    .all()
    .filter((tcb) => tcb !== asking && since(tcb) <= latest)
    .sort((a, b) => since(a) - since(b));
  let any = false;
  for (const tcb of candidates) {
    if (service.pool.available > enough) break;
    evict(tcb);
    any = true;
  }
  return any;
}

function unreadSince(tcb: ControlBlock): number {
  return tcb.receivePackets > 0 ? tcb.unreadSince : NEVER;
}

/** Since when the peer has taken nothing of what is here for it, as far as that is known; NEVER: it takes. */
function stalledSince(tcb: ControlBlock): number {
  if (tcb.transmit.count === 0) return NEVER;
  if (tcb.probes > 0) return tcb.probingSince;
  return tcb.retries >= STALLED_RETRIES ? 0 : NEVER;
}

function evict(tcb: ControlBlock): void {
  tcb.service.counters.evicted++;
  sendReset(tcb);
  endConnection(tcb, CAUSE_EVICTED);
}
