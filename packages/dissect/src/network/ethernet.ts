import type { Context } from '../context.ts';
import { hex, macText } from '../text.ts';

export const ETHERTYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [0x0800, 'IPv4'],
  [0x0806, 'ARP'],
  [0x8035, 'RARP'],
  [0x86dd, 'IPv6'],
  [0x8100, '802.1Q VLAN'],
  [0x88a8, '802.1ad service VLAN'],
  [0x888e, '802.1X'],
  [0x88cc, 'LLDP'],
]);

export function etherTypeText(type: number): string {
  const name = ETHERTYPE_NAMES.get(type);
  return name === undefined ? hex(type, 4) : `${name} (${hex(type, 4)})`;
}

/** The shortest frame without its check sequence; shorter payloads are padded up to it (IEEE 802.3 3.2.8). */
const MINIMUM_FRAME = 60;

export function decodeEthernet(context: Context, start: number, end: number): void {
  const layer = context.layer('ethernet', 'Ethernet', start, end, 'IEEE 802.3 3.2');
  if (!context.holds(layer, 14)) return;
  const { bytes } = context;
  const destination = macText(bytes, start);
  const source = macText(bytes, start + 6);
  layer.length = 14;
  layer.text = `${source} → ${destination}`;
  const to = layer.add('Destination', start, 6, destination, castText(destination, context.u8(start)));
  const from = layer.add('Source', start + 6, 6, source);
  if ((context.u8(start + 6) & 1) !== 0) from.problem('malformed', 'a group address cannot be a source');
  if ((context.u8(start) & 2) !== 0 && (context.u8(start) & 1) === 0) to.text += ' (locally administered)';
  decodeAfterAddresses(context, start + 12, end, `Ethernet ${source} → ${destination}`);
}

function castText(address: string, first: number): string {
  if (address === 'ff:ff:ff:ff:ff:ff') return `${address} (broadcast)`;
  return (first & 1) !== 0 ? `${address} (multicast)` : address;
}

/** From the type field on, which follows the addresses or a VLAN tag. */
function decodeAfterAddresses(context: Context, at: number, end: number, title: string): void {
  const layer = context.layers[context.layers.length - 1]!;
  const type = context.u16(at);
  if (type < 0x600) {
    const field = layer.add('Length', at, 2, type);
    if (at + 2 + type > end) field.problem('truncated', `${end - at - 2} of ${type} bytes are here`);
    layer.summary = `${title} 802.3 length ${type}`;
    context.data(at + 2, end);
    return;
  }
  layer.add('Type', at, 2, type, etherTypeText(type));
  layer.summary = `${title} type ${hex(type, 4)}, ${end - at - 2} B`;
  if (type === 0x8100 || type === 0x88a8) {
    decodeTag(context, at + 2, end, type, title);
    return;
  }
  const decoder = context.table.etherTypes.get(type);
  if (decoder === undefined) {
    context.data(at + 2, end);
    return;
  }
  decoder(context, at + 2, end);
}

function decodeTag(context: Context, at: number, end: number, type: number, title: string): void {
  const service = type === 0x88a8;
  const name = service ? '802.1ad tag' : '802.1Q tag';
  const layer = context.layer('vlan', name, at, end, service ? 'IEEE 802.1ad' : 'IEEE 802.1Q 9.6');
  if (!context.holds(layer, 4)) return;
  layer.length = 4;
  const control = context.u16(at);
  const vlan = control & 0xfff;
  layer.text = `VLAN ${vlan}`;
  layer.add('Priority', at, 1, control >>> 13);
  layer.add('Drop eligible', at, 1, (control & 0x1000) !== 0);
  const id = layer.add('VLAN', at, 2, vlan, vlan === 0 ? '0 (priority tag only)' : String(vlan));
  if (vlan === 0xfff) id.problem('malformed', 'VLAN 4095 is reserved');
  decodeAfterAddresses(context, at + 2, end, `${title} VLAN ${vlan}`);
}

/** Names the bytes behind a network packet: padding up to the shortest frame, or something that should not be there. */
export function decodeTrailer(context: Context, start: number, end: number): void {
  const link = context.layers[0];
  if (start >= end || link?.protocol !== 'ethernet') return;
  const field = link.add('Padding', start, end - start, null, `${end - start} B`);
  if (end - link.offset > MINIMUM_FRAME)
    field.problem('unusual', 'there are bytes behind the packet in a frame that needs no padding');
}
