/** What {@link TcpProbe.sample} is called for. */
export const PROBE_RECEIVED = 0;
export const PROBE_SENT = 1;
