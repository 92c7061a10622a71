import type { Context } from '../context.ts';
import { hex, hexBytes, ipv4Text, macText } from '../text.ts';
import { decodeTrailer, etherTypeText } from './ethernet.ts';

const OPERATIONS: readonly string[] = ['', 'request', 'reply', 'reverse request', 'reverse reply'];
const ZERO_MAC = '00:00:00:00:00:00';

export function decodeArp(context: Context, start: number, end: number): void {
  const layer = context.layer('arp', 'ARP', start, end, 'RFC 826');
  if (!context.holds(layer, 8)) return;
  const { bytes } = context;
  const hardware = context.u16(start);
  const protocol = context.u16(start + 2);
  const hardwareLength = context.u8(start + 4);
  const protocolLength = context.u8(start + 5);
  const operation = context.u16(start + 6);
  const need = 8 + 2 * (hardwareLength + protocolLength);
  layer.add('Hardware type', start, 2, hardware, hardware === 1 ? 'Ethernet (1)' : String(hardware));
  layer.add('Protocol type', start + 2, 2, protocol, etherTypeText(protocol));
  layer.add('Hardware address length', start + 4, 1, hardwareLength);
  layer.add('Protocol address length', start + 5, 1, protocolLength);
  const name = OPERATIONS[operation] ?? '';
  const operationField = layer.add(
    'Operation',
    start + 6,
    2,
    operation,
    name === '' ? String(operation) : `${name} (${operation})`,
  );
  if (name === '') operationField.problem('unusual', 'this operation is not one of RFC 826 or RFC 903');
  if (!context.holds(layer, need)) return;
  layer.length = need;
  decodeTrailer(context, start + need, end);
  if (hardwareLength !== 6 || protocolLength !== 4) {
    layer.problem('unusual', 'the addresses are not those of Ethernet and IPv4');
    layer.add('Addresses', start + 8, need - 8, hexBytes(bytes, start + 8, start + need));
    layer.summary = `ARP operation ${operation} for hardware ${hardware}, protocol ${hex(protocol, 4)}`;
    return;
  }
  const senderMac = macText(bytes, start + 8);
  const sender = ipv4Text(bytes, start + 14);
  const targetMac = macText(bytes, start + 18);
  const target = ipv4Text(bytes, start + 24);
  layer.add('Sender MAC', start + 8, 6, senderMac);
  layer.add('Sender address', start + 14, 4, sender);
  layer.add('Target MAC', start + 18, 6, targetMac);
  layer.add('Target address', start + 24, 4, target);
  layer.summary = describe(operation, senderMac, sender, targetMac, target);
  layer.text = layer.summary.replace(/^R?ARP /, '');
}

/** In words, with the special forms of RFC 5227: a probe has no sender, an announcement asks for the sender itself. */
function describe(operation: number, senderMac: string, sender: string, targetMac: string, target: string): string {
  if (operation === 1 && sender === '0.0.0.0') return `ARP probe for ${target}`;
  if ((operation === 1 || (operation === 2 && targetMac !== ZERO_MAC)) && sender === target) {
    return `ARP announcement: ${sender} is at ${senderMac}`;
  }
  if (operation === 1) return `ARP who has ${target}? tell ${sender}`;
  if (operation === 2) return `ARP ${sender} is at ${senderMac}`;
  if (operation === 3) return `RARP who is ${targetMac}? tell ${senderMac}`;
  if (operation === 4) return `RARP ${targetMac} is ${target}`;
  return `ARP operation ${operation}: ${sender} → ${target}`;
}
