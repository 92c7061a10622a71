import {
  ERROR_PORT_UNREACHABLE,
  ERROR_PROTOCOL_UNREACHABLE,
  ERROR_TOO_BIG,
  type NetworkError,
} from '@strata/contracts';
import type { ControlBlock } from './control-block.ts';
import { EVENT_TROUBLE, raise } from './events.ts';
import type { NetworkErrorPolicy } from './profile.ts';
import { segmentWasTooBig } from './send/path-mtu.ts';
import { CAUSE_UNREACHABLE, TCP_SYN_RECEIVED, TCP_SYN_SENT } from './states.ts';
import { endConnection } from './teardown.ts';

/** NetX: connections never hear of ICMP errors. */
export const ignoreNetworkErrors: NetworkErrorPolicy = () => {};

/**
 * RFC 5461: hard errors end a connection only while it is being opened; everything else is noted and waited out. "Too big" is
 * no error but news of the path.
 */
export const softNetworkErrors: NetworkErrorPolicy = (tcb: ControlBlock, error: NetworkError) => {
  judge(tcb, error, error.kind === ERROR_PORT_UNREACHABLE || error.kind === ERROR_PROTOCOL_UNREACHABLE);
};

/** RFC 5461 4: as many hosts do, Linux among them, while a connection is being opened every error ends it. */
export const impatientNetworkErrors: NetworkErrorPolicy = (tcb: ControlBlock, error: NetworkError) => {
  judge(tcb, error, true);
};

function judge(tcb: ControlBlock, error: NetworkError, endsOpening: boolean): void {
  if (error.kind === ERROR_TOO_BIG) {
    segmentWasTooBig(tcb);
    return;
  }
  tcb.softError = error.kind;
  raise(tcb, EVENT_TROUBLE);
  if (endsOpening && (tcb.state === TCP_SYN_SENT || tcb.state === TCP_SYN_RECEIVED)) {
    endConnection(tcb, CAUSE_UNREACHABLE);
  }
}
