import type { Suite } from '../suite/suite.ts';
import { hostSuite } from './host/suite.ts';
import { mqtt311Suite } from './mqtt311/suite.ts';
import { netxWireSuite } from './netx-wire/suite.ts';
import { rfc9293Suite } from './rfc9293/suite.ts';

/** Every suite, in the order in which they are listed. */
export const SUITES: readonly Suite[] = [rfc9293Suite, netxWireSuite, mqtt311Suite, hostSuite];
