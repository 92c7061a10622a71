import { LAYER_UDP, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_UDP << 8;

export const UDP_EVENTS: readonly TraceEventDescription[] = [];
void LAYER;
