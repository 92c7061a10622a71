import { MILLISECOND, NEVER } from '@strata/contracts';
import type { ControlBlock } from './control-block.ts';
import { sendReset } from './send/control.ts';
import type { TcpService } from './service.ts';
import { CAUSE_EVICTED } from './states.ts';
import { endConnection } from './teardown.ts';

/** The pool is looked through no more often than this. */
const INTERVAL = 100 * MILLISECOND;

/**
 * What shares of the pool cannot prevent: so many connections hold a packet or two with data that nobody reads that nothing
 * is left for the others. When that is so, and only then, connections whose data have waited longer than the profile bears are
 * reset, those first that have waited longest, until packets are no longer short; `asking`, whose event is being processed,
 * is not. True when any was.
 */
export function relievePool(service: TcpService, asking: ControlBlock): boolean {
  const { connections, pool, poolReserve, profile, time } = service;
  const { now } = time;
  if (profile.unreadLife === NEVER || pool.available > 5 * poolReserve || now - service.relievedAt < INTERVAL)
    return false;
  service.relievedAt = now;
  const unread = connections
    .all()
    .filter((tcb) => tcb !== asking && tcb.receivePackets > 0 && now - tcb.unreadSince >= profile.unreadLife)
    .sort((a, b) => a.unreadSince - b.unreadSince);
  let any = false;
  for (const tcb of unread) {
    if (pool.available > 6 * poolReserve) break;
    evict(tcb);
    any = true;
  }
  return any;
}

function evict(tcb: ControlBlock): void {
  tcb.service.counters.evicted++;
  sendReset(tcb);
  endConnection(tcb, CAUSE_EVICTED);
}
