import { LAYER_IP, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_IP << 8;

export const IP_EVENTS: readonly TraceEventDescription[] = [];
void LAYER;
