/** What a client has sent and received, by message (nx_dhcp_user statistics have the same). */
export class DhcpCounters {
  discoversSent = 0;
  requestsSent = 0;
  declinesSent = 0;
  releasesSent = 0;
  offersReceived = 0;
  acksReceived = 0;
  naksReceived = 0;
  /** Messages for others, answers nobody asked for, and malformed ones. */
  ignored = 0;
  /** Messages that found no packet or no way out. */
  sendErrors = 0;
  leases = 0;
  expired = 0;
  conflicts = 0;
}
