import { LAYER_MQTT, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_MQTT << 8;

export const MQTT_EVENTS: readonly TraceEventDescription[] = [];
void LAYER;
