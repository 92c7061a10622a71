import type { netOf } from '@strata/sockets';
import type { StartBroker } from '@strata/testkit';

export function aedesBroker(of: typeof netOf): StartBroker;
