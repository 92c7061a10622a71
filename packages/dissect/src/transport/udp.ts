import { decodeDhcp } from '../application/dhcp.ts';
import { decodeDns } from '../application/dns.ts';
import type { Context } from '../context.ts';
import { hex } from '../text.ts';

export function decodeUdp(context: Context, start: number, end: number): void {
  const layer = context.layer('udp', 'UDP', start, end, 'RFC 768');
  if (!context.holds(layer, 8)) return;
  const sourcePort = context.u16(start);
  const destinationPort = context.u16(start + 2);
  const length = context.u16(start + 4);
  layer.length = 8;
  layer.text = `${sourcePort} → ${destinationPort}`;
  layer.add('Source port', start, 2, sourcePort);
  layer.add('Destination port', start + 2, 2, destinationPort);
  const lengthField = layer.add('Length', start + 4, 2, length);
  const stored = context.u16(start + 6);
  const checksum = layer.add('Checksum', start + 6, 2, stored, hex(stored, 4));
  const ip = context.ip;
  const available = end - start;
  const payloadLength = Math.max(0, length - 8);
  layer.summary = `UDP ${sourcePort} → ${destinationPort} len=${payloadLength}`;
  if (length < 8) {
    lengthField.problem('malformed', 'the length cannot be less than the header');
    return;
  }
  const whole = length <= available && ip?.whole === true && !ip.fragment;
  if (length > available && ip?.whole === true && !ip.fragment && !context.quoted) {
    lengthField.problem('malformed', `the datagram claims ${length} bytes and IP brought ${available}`);
  }
  if (length < available && !context.quoted)
    lengthField.problem('unusual', `IP brought ${available - length} bytes more than the datagram has`);
  if (stored === 0) {
    checksum.text = 'none';
    if (ip?.version === 6) checksum.problem('malformed', 'UDP over IPv6 needs a checksum (RFC 8200 8.1)');
  } else if (ip !== null) {
    context.judgeChecksum(
      checksum,
      start,
      start + Math.min(length, available),
      context.pseudoHeader(17, length),
      whole,
    );
  }
  const payloadEnd = start + Math.min(length, available);
  context.udp = { sourcePort, destinationPort, payloadOffset: start + 8, payloadLength: payloadEnd - start - 8 };
  if (payloadEnd <= start + 8) return;
  const either = (port: number) => sourcePort === port || destinationPort === port;
  if (either(53) || either(5353)) decodeDns(context, start + 8, payloadEnd);
  else if (either(67) || either(68)) decodeDhcp(context, start + 8, payloadEnd);
  else context.data(start + 8, payloadEnd);
}
