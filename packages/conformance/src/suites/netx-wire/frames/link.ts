/* Frames that NetX Duo 6.4 put on the wire, one per line; frame-line.ts tells how they are written. */

/** Run a1. */
export const RUN_A1 = `
10 a arp 1 a .1 0 .2 to *
10 b arp 2 b .2 a .1 to a
10 a 1 icmp 8 0 id 6401 seq 0 4142434445464748494a4b4c4d4e4f505152535455565758595a2020
10 b 1 icmp 0 0 id 6401 seq 0 4142434445464748494a4b4c4d4e4f505152535455565758595a2020
60 a 2 icmp 8 0 id 6401 seq 1 4142434445464748494a4b4c4d4e4f505152535455565758595a2020
60 b 2 icmp 0 0 id 6401 seq 1 4142434445464748494a4b4c4d4e4f505152535455565758595a2020
110 b 3 icmp 8 0 id 6402 seq 0 78797a
110 a 3 icmp 0 0 id 6402 seq 0 78797a
110 a arp 1 a .1 0 .1 to *
`;

/** Run a2. */
export const RUN_A2 = `
10 a arp 1 a .1 0 .77 to *
1000 a arp 1 a .1 0 .77 to *
2000 a arp 1 a .1 0 .77 to *
`;
