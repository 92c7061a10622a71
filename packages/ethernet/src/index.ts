/** Emulated Ethernet driver, segments, learning switch, loopback bridge and faults. */
export {};
