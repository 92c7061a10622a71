import { LAYER_ICMP, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_ICMP << 8;

export const ICMP_EVENTS: readonly TraceEventDescription[] = [];
void LAYER;
