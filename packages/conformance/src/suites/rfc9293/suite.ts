import type { Suite } from '../../suite/suite.ts';
import { acknowledging } from './acknowledgments.ts';
import { closing } from './closing.ts';
import { ipLayer } from './ip-layer.ts';
import { keepAlive } from './keepalive.ts';
import { segmentSize } from './mss.ts';
import { opening } from './opening.ts';
import { RFC9293_REQUIREMENTS } from './requirements.ts';
import { retransmission } from './retransmission.ts';
import { segmentFormat } from './segment-format.ts';
import { sending } from './sending.ts';
import { urgentData } from './urgent.ts';
import { windows } from './windows.ts';

/** Transmission Control Protocol. */
export const rfc9293Suite: Suite = {
  name: 'rfc9293',
  title: 'RFC 9293, Transmission Control Protocol (TCP)',
  profiles: ['netx', 'modern'],
  requirements: RFC9293_REQUIREMENTS,
  scenarios: [
    ...segmentFormat,
    ...segmentSize,
    ...opening,
    ...closing,
    ...retransmission,
    ...sending,
    ...windows,
    ...acknowledging,
    ...keepAlive,
    ...urgentData,
    ...ipLayer,
  ],
};
