/**
 * `@strata/conformance`: proof that the stack does what the documents say. Runs scripts of the packetdrill language on it, in
 * virtual time, so that a run takes milliseconds and is the same every time.
 *
 * - `runDrill` — one script to a {@link DrillResult}: pass, fail with what was expected and what came, or unsupported with why
 * - `formatDrillResult`, `drillJson`, `drillJunit` — results for people and machines; `drillCapture` — as pcapng
 * - `parseScript`, `formatScript` — the language by itself
 * - `drillProfile` — the host that scripts assume; {@link DrillMachine} — what another host must be, to be judged by scripts
 * - `runReplay` — a recorded sequence of frames to a {@link ReplayResult}; `formatReplayResult`, `replayJson`, `replayCapture`
 * - `runSuite` — a {@link Suite} of requirements to results per requirement and profile; `SUITES` — those there are
 * - `formatSuiteResult`, `suiteJson`, `suiteHtml` — results for people and machines; `suiteFaults` — is the suite itself right
 *
 * ```ts
 * const result = runDrill(`
 *   0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
 *   +0 bind(3, ..., ...) = 0
 *   +0 listen(3, 1) = 0
 *   +0 < S 0:0(0) win 65535 <mss 1460>
 *   +0 > S. 0:0(0) ack 1 <mss 1460>
 * `);
 * ```
 */
export type * from './drill/ast.ts';
export { drillCapture } from './drill/capture.ts';
export { LENIENT, type Leniency, STRICT } from './drill/compare.ts';
export type { Conversation } from './drill/conversation.ts';
export { type DrillOptions, runDrill } from './drill/drill.ts';
export { AssertionFailure, evaluate, runSnippet, SnippetError, SnippetScope, type Value } from './drill/expression.ts';
export { formatPacket, formatScript } from './drill/format.ts';
export { DrillSyntaxError } from './drill/lexer.ts';
export type { DrillMachine, MachineSetup } from './drill/machine.ts';
export { parseScript, splitDefine } from './drill/parser.ts';
export { drillProfile, drillTcpProfile } from './drill/profile.ts';
export { drillJson, drillJunit, formatDrillResult, summarizeDrill } from './drill/report.ts';
export type * from './drill/result.ts';
export { CONSTANTS, ERRNO } from './drill/sockets/constants.ts';
export { type CallOutcome, done, failed, type PendingCall, unsupported } from './drill/sockets/file.ts';
export { dataOf, field, fieldOf, numberOf, pollNames, symbolOf } from './drill/sockets/values.ts';
export { ReplaySyntaxError, readReplay } from './replay/read.ts';
export { formatReplayResult, replayCapture, replayJson, summarizeReplays } from './replay/report.ts';
export { type ReplayFailure, type ReplayResult, runReplay } from './replay/run.ts';
export type * from './replay/steps.ts';
export { CheckFailure } from './suite/failure.ts';
export { Connection, Ear, type Emission, type Expectation } from './suite/peer/connection.ts';
export { type OpenOptions, Peer, type PeerOptions } from './suite/peer/peer.ts';
export { suiteHtml } from './suite/report/html.ts';
export { suiteJson } from './suite/report/json.ts';
export { formatSuiteResult, suitePassed, summarizeSuite } from './suite/report/text.ts';
export type * from './suite/result.ts';
export { type RunOptions, runScenario, runSuite } from './suite/run.ts';
export {
  type Check,
  type Deviation,
  type Level,
  type Requirement,
  type Scenario,
  type Suite,
  suiteFaults,
} from './suite/suite.ts';
export { Trial } from './suite/trial.ts';
export { SUITES } from './suites/index.ts';
