import { LAYER_TLS, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_TLS << 8;

export const TLS_EVENTS: readonly TraceEventDescription[] = [];
void LAYER;
