import { LAYER_ETHERNET, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_ETHERNET << 8;

export const ETHERNET_EVENTS: readonly TraceEventDescription[] = [];
void LAYER;
