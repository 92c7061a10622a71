import type { Context } from '../context.ts';
import type { Field, Layer } from '../field.ts';
import { hex } from '../text.ts';

/** Names of one ICMP's types, and of the codes of each. */
export class IcmpNames {
  private readonly types: ReadonlyMap<number, string>;
  private readonly codes: ReadonlyMap<number, readonly string[]>;

  constructor(types: ReadonlyMap<number, string>, codes: ReadonlyMap<number, readonly string[]>) {
    this.types = types;
    this.codes = codes;
  }

  type(type: number): string {
    return this.types.get(type) ?? `type ${type}`;
  }

  /** '' for code 0 of a type that has no codes. */
  code(type: number, code: number): string {
    return this.codes.get(type)?.[code] ?? (code === 0 ? '' : `code ${code}`);
  }

  /** A message by type and code: `destination unreachable (port)`. */
  message(type: number, code: number): string {
    const name = this.type(type);
    const codeName = this.code(type, code);
    return codeName === '' ? name : `${name} (${codeName})`;
  }
}

/** Type, code and checksum, which begin the messages of both families. Returns the checksum's field, not yet judged. */
export function decodeIcmpStart(context: Context, layer: Layer, names: IcmpNames, start: number): Field {
  const type = context.u8(start);
  const code = context.u8(start + 1);
  const codeName = names.code(type, code);
  layer.text = names.message(type, code);
  layer.summary = `${layer.name} ${layer.text}`;
  layer.add('Type', start, 1, type, `${names.type(type)} (${type})`);
  layer.add('Code', start + 1, 1, code, codeName === '' ? String(code) : `${codeName} (${code})`);
  return layer.add('Checksum', start + 2, 2, context.u16(start + 2), hex(context.u16(start + 2), 4));
}
