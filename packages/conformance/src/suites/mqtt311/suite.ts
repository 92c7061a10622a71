import type { Suite } from '../../suite/suite.ts';
import { connecting } from './connecting.ts';
import { headers } from './headers.ts';
import { quality } from './quality.ts';
import { MQTT311_REQUIREMENTS } from './requirements.ts';
import { strings } from './strings.ts';

/** MQTT 3.1.1: the requirements on clients. */
export const mqtt311Suite: Suite = {
  name: 'mqtt311',
  title: 'MQTT 3.1.1 (OASIS, 29 October 2014), the client',
  profiles: ['netx', 'modern'],
  requirements: MQTT311_REQUIREMENTS,
  scenarios: [...strings, ...connecting, ...headers, ...quality],
};
