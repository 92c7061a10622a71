import { Context } from '../context.ts';
import type { Field } from '../field.ts';

/** The start of the datagram that an ICMP error is about, as children of the error. Returns its one-line summary. */
export function decodeQuoted(context: Context, parent: Field, etherType: number, start: number, end: number): string {
  if (end <= start) {
    parent.problem('truncated', 'the datagram it is about is not quoted');
    return '';
  }
  const field = parent.add('Quoted datagram', start, end - start, null, `${end - start} B`);
  const decoder = context.table.etherTypes.get(etherType);
  // An error is never sent about an error (RFC 1122 3.2.2), so one level is all there can be; bytes may claim otherwise.
  if (decoder === undefined || context.quoted) return '';
  const inner = new Context(context.bytes, context.table, context.settings, true);
  decoder(inner, start, end);
  for (const layer of inner.layers) field.children.push(layer);
  const last = inner.layers[inner.layers.length - 1];
  const network = inner.ip === null ? '' : `${inner.ip.source} → ${inner.ip.destination} `;
  if (last === undefined) return '';
  return inner.layers.length > 1 && last.protocol !== 'data' ? `${network}${last.summary}` : last.summary;
}
