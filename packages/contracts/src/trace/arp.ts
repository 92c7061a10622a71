import { LAYER_ARP, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_ARP << 8;

export const ARP_EVENTS: readonly TraceEventDescription[] = [];
void LAYER;
