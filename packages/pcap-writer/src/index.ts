/** pcapng and classic pcap, written and read. */
export {};
