/** What a resolver has done. */
export class DnsCounters {
  queriesSent = 0;
  answersReceived = 0;
  /** Messages that answer no question of ours: another id, another question, malformed. */
  ignored = 0;
  timeouts = 0;
  serverFailures = 0;
  truncated = 0;
  tcpQueries = 0;
  sendErrors = 0;
}
