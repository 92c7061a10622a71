import { LAYER_TCP, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_TCP << 8;

export const TCP_EVENTS: readonly TraceEventDescription[] = [];
void LAYER;
