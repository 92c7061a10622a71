import type { Suite } from '../../suite/suite.ts';
import { RFC9293_REQUIREMENTS } from './requirements.ts';
import { segmentFormat } from './segment-format.ts';

/** Transmission Control Protocol. */
export const rfc9293Suite: Suite = {
  name: 'rfc9293',
  title: 'RFC 9293, Transmission Control Protocol (TCP)',
  profiles: ['netx', 'modern'],
  requirements: RFC9293_REQUIREMENTS,
  scenarios: [...segmentFormat],
};
