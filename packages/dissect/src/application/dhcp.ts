import type { Context } from '../context.ts';
import type { Field } from '../field.ts';
import { hex, hexBytes, ipv4Text, macText } from '../text.ts';

const MESSAGES: readonly string[] = ['', 'Discover', 'Offer', 'Request', 'Decline', 'Ack', 'Nak', 'Release', 'Inform'];

const OPTIONS: ReadonlyMap<number, string> = new Map([
  [1, 'Subnet mask'],
  [3, 'Router'],
  [6, 'Domain name server'],
  [12, 'Host name'],
  [15, 'Domain name'],
  [50, 'Requested address'],
  [51, 'Lease time'],
  [53, 'Message type'],
  [54, 'Server identifier'],
  [55, 'Parameter request list'],
  [57, 'Maximum message size'],
  [58, 'Renewal time'],
  [59, 'Rebinding time'],
  [61, 'Client identifier'],
]);

const MAGIC = 0x63825363;

/** The fixed part, and the options by name. */
export function decodeDhcp(context: Context, start: number, end: number): void {
  const layer = context.layer('dhcp', 'DHCP', start, end, 'RFC 2131 2');
  if (!context.holds(layer, 240)) return;
  const operation = context.u8(start);
  const transaction = hex(context.u32(start + 4), 8);
  layer.add(
    'Operation',
    start,
    1,
    operation,
    operation === 1 ? 'request (1)' : operation === 2 ? 'reply (2)' : String(operation),
  );
  layer.add('Transaction', start + 4, 4, context.u32(start + 4), transaction);
  layer.add(
    'Flags',
    start + 10,
    2,
    context.u16(start + 10),
    (context.u16(start + 10) & 0x8000) !== 0 ? 'broadcast' : 'unicast',
  );
  layer.add('Client address', start + 12, 4, ipv4Text(context.bytes, start + 12));
  const given = ipv4Text(context.bytes, start + 16);
  layer.add('Your address', start + 16, 4, given);
  layer.add('Server address', start + 20, 4, ipv4Text(context.bytes, start + 20));
  layer.add('Relay address', start + 24, 4, ipv4Text(context.bytes, start + 24));
  layer.add('Client MAC', start + 28, 6, macText(context.bytes, start + 28));
  if (context.u32(start + 236) !== MAGIC) {
    layer.summary = `BOOTP ${operation === 1 ? 'request' : 'reply'} xid=${transaction}`;
    return;
  }
  const type = decodeOptions(context, layer, start + 240, end);
  layer.summary = `${type === 0 ? 'BOOTP' : `DHCP ${MESSAGES[type] ?? `message ${type}`}`} xid=${transaction}${given === '0.0.0.0' ? '' : ` your address ${given}`}`;
  layer.text = layer.summary.replace(/^DHCP /, '');
}

function decodeOptions(context: Context, layer: Field, start: number, end: number): number {
  let type = 0;
  let at = start;
  while (at < end) {
    const code = context.u8(at);
    if (code === 255) break;
    if (code === 0) {
      at++;
      continue;
    }
    const length = at + 1 < end ? context.u8(at + 1) : 256;
    if (at + 2 + length > end) {
      layer.problem('malformed', `option ${code} does not fit the message`);
      break;
    }
    const option = layer.add(OPTIONS.get(code) ?? `Option ${code}`, at, 2 + length, code, undefined, 'RFC 2132');
    option.text = hexBytes(context.bytes, at + 2, at + 2 + length);
    if (code === 53 && length === 1) {
      type = context.u8(at + 2);
      option.text = `${MESSAGES[type] ?? '?'} (${type})`;
    } else if ((code === 1 || code === 3 || code === 6 || code === 50 || code === 54) && length >= 4) {
      option.text = ipv4Text(context.bytes, at + 2);
    } else if ((code === 51 || code === 58 || code === 59) && length === 4) option.text = `${context.u32(at + 2)} s`;
    at += 2 + length;
  }
  return type;
}
