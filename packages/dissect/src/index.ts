/**
 * `@strata/dissect`: frames taken apart for people — Ethernet, VLAN tags, ARP, IPv4, IPv6, ICMP, IGMP, UDP, TCP, MQTT
 * 3.1.1, and the outer form of TLS, DNS and DHCP.
 *
 * It is never on the packet path and is not the stack's own parser: tests use it as a second opinion on what the stack
 * sends. Every field has a name, a byte range, and where it is specified; what is wrong is in the tree, and nothing throws.
 *
 * - `dissect.ts` — {@link dissect}, {@link summary}; `format-tree.ts` — {@link formatTree}
 * - `conversation/` — {@link ConversationFollower}: relative sequence numbers, messages across segments, retransmissions
 * - `ladder.ts` — {@link LadderDiagram}: who sent what to whom
 * - `explain.ts` — statuses and drop reasons in words; `trace-text.ts` — trace events
 *
 * ```ts
 * const follower = new ConversationFollower();
 * const diagram = new LadderDiagram({ endpoints: ['device', 'broker'] });
 * print(diagram.head());
 * for (const frame of frames) {
 *   const { summary: text } = follower.follow(frame.bytes);
 *   for (const line of diagram.draw({ time: frame.time, from: 'device', to: 'broker', text })) print(line);
 * }
 * ```
 */
export { MqttMessage, mqttTypeName } from './application/mqtt-message.ts';
export * from './conversation/follower.ts';
export * from './dissect.ts';
export * from './explain.ts';
export type { IpFacts, TcpFacts, UdpFacts } from './facts.ts';
export * from './field.ts';
export * from './format-tree.ts';
export * from './ladder.ts';
export { durationText, quote } from './text.ts';
export * from './trace-text.ts';
export { tcpFlagsText } from './transport/tcp.ts';
