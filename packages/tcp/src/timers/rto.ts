/** How long to wait for an acknowledgment. One instance per connection when it keeps measurements. */
export interface RtoEstimator {
  readonly name: string;
  /** False for a timer that takes no measurements. */
  readonly measures: boolean;
  /** Smoothed round-trip time and its variation in microseconds; 0 before the first measurement. */
  readonly srtt: number;
  readonly rttvar: number;
  /** Forgets all measurements, for a new connection. */
  reset(): void;
  /**
   * A round trip took `rtt` microseconds (Karn: never of a segment that was sent twice). `newRound`: it is the first that was
   * measured in its round trip.
   */
  sample(rtt: number, newRound: boolean): void;
  /** The timeout in microseconds when `retries` in a row have expired already. */
  timeout(retries: number): number;
  /**
   * What expired `retries` times has been acknowledged after all. The timeout stays as long as it had become until a round
   * trip is measured (Karn; RFC 6298 5.7 and the note after it).
   */
  keepBackoff(retries: number): void;
  /** The interval before the next zero-window probe when `probes` were sent already. */
  probeInterval(probes: number): number;
  /** RFC 6298 5.7: the SYN timer expired, so the first data starts with a longer timeout. */
  synTimedOut(): void;
}
