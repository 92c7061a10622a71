/** Scoreboard bits of packets in the transmit queue (`Packet.marks`). */

/** Taken for lost and not sent again yet. */
export const MARK_LOST = 1;
/** The peer holds it out of order (RFC 2018). */
export const MARK_SACKED = 2;
/** Sent more than once: no round trip is measured on it (Karn). */
export const MARK_RETRANSMITTED = 4;
/** Our FIN rides on it. */
export const MARK_FIN = 8;
/** What the application gave to one `send` ends here. */
export const MARK_PUSH = 16;
/** It was lost and has been sent again; that repeat is in the network. */
export const MARK_REPEATED = 32;
/** A record of the application ends here: what is sent later does not join this segment. */
export const MARK_RECORD = 64;
