import type { Scenario, Suite } from '../../suite/suite.ts';
import { closingRuns } from './facts-closing.ts';
import { dataFacts } from './facts-data.ts';
import { linkFacts } from './facts-link.ts';
import { mqttFacts } from './facts-mqtt.ts';
import { optionFacts } from './facts-options.ts';
import { furtherRuns } from './facts-runs.ts';
import { stateFacts } from './facts-states.ts';
import { timerFacts } from './facts-timers.ts';
import { ipv6 } from './ipv6.ts';
import { linkLayer } from './link.ts';
import { lossAndWindows } from './loss.ts';
import { mqttClient } from './mqtt.ts';
import { openAndClose } from './open-close.ts';
import { NETX_WIRE_REQUIREMENTS } from './requirements.ts';

/** What a scripted peer shows is the same over IPv6, but for scenarios that say otherwise. */
function overBoth(scenarios: readonly Scenario[]): Scenario[] {
  return scenarios.map((scenario) => ({ ipVersions: [4, 6], ...scenario }));
}

/** The wire and the clock of the real thing. */
export const netxWireSuite: Suite = {
  name: 'netx-wire',
  title: 'NetX Duo 6.4, frame by frame and tick by tick',
  profiles: ['netx'],
  requirements: NETX_WIRE_REQUIREMENTS,
  scenarios: [
    ...linkLayer,
    ...openAndClose,
    ...lossAndWindows,
    ...mqttClient,
    ...ipv6,
    ...linkFacts,
    ...overBoth([...timerFacts, ...stateFacts, ...dataFacts, ...optionFacts]),
    ...furtherRuns,
    ...closingRuns,
    ...mqttFacts,
  ].map(
    // The runs are of IPv4, but for one, which says so itself.
    (scenario) => ({ ipVersions: [4], ...scenario }),
  ),
};
