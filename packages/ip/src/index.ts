/** The IP instance: interfaces, ARP, IPv4, ICMP, routing. */
export {};
