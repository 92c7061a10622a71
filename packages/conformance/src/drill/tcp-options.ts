import type { AccEcnField, TcpOption } from './ast.ts';
import { hexBytes, hexText } from './hex.ts';

const KIND_END = 0;
const KIND_NOP = 1;
const KIND_MSS = 2;
const KIND_WSCALE = 3;
const KIND_SACK_PERMITTED = 4;
const KIND_SACK = 5;
const KIND_TIMESTAMPS = 8;
const KIND_MD5 = 19;
const KIND_FAST_OPEN = 34;
const KIND_ACC_ECN_0 = 172;
const KIND_ACC_ECN_1 = 174;
const KIND_EXPERIMENT = 254;
const FAST_OPEN_MAGIC = 'f989';

/** Octets that options take. */
export function optionsLength(options: readonly TcpOption[]): number {
  let length = 0;
  for (const option of options) length += optionLength(option);
  return length;
}

function optionLength(option: TcpOption): number {
  switch (option.kind) {
    case 'nop':
    case 'eol':
      return 1;
    case 'sackOK':
      return 2;
    case 'mss':
      return 4;
    case 'wscale':
      return 3;
    case 'sack':
      return 2 + 8 * option.blocks.length;
    case 'TS':
      return 10;
    case 'md5':
    case 'FO':
      return 2 + option.hex.length / 2;
    case 'FOEXP':
      return 4 + option.hex.length / 2;
    case 'ECN':
      return 2 + 3 * option.fields.length;
    case 'unknown':
      return 2 + option.hex.length / 2;
    case 'foreign':
      return 4;
  }
}

/** The octets of options; numbers go out as they are. */
export function emitOptions(options: readonly TcpOption[]): Uint8Array {
  const bytes = new Uint8Array(optionsLength(options));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const option of options) {
    const length = optionLength(option);
    emitOption(option, view, bytes, at, length);
    at += length;
  }
  return bytes;
}

function emitOption(option: TcpOption, view: DataView, bytes: Uint8Array, at: number, length: number): void {
  const head = (kind: number) => {
    view.setUint8(at, kind);
    view.setUint8(at + 1, length);
  };
  switch (option.kind) {
    case 'nop':
      view.setUint8(at, KIND_NOP);
      break;
    case 'eol':
      view.setUint8(at, KIND_END);
      break;
    case 'sackOK':
      head(KIND_SACK_PERMITTED);
      break;
    case 'mss':
      head(KIND_MSS);
      view.setUint16(at + 2, option.value);
      break;
    case 'wscale':
      head(KIND_WSCALE);
      view.setUint8(at + 2, option.value);
      break;
    case 'sack':
      head(KIND_SACK);
      for (const [i, [left, right]] of option.blocks.entries()) {
        view.setUint32(at + 2 + 8 * i, left);
        view.setUint32(at + 6 + 8 * i, right);
      }
      break;
    case 'TS':
      head(KIND_TIMESTAMPS);
      view.setUint32(at + 2, option.value);
      view.setUint32(at + 6, option.echo);
      break;
    case 'md5':
      head(KIND_MD5);
      bytes.set(hexBytes(option.hex), at + 2);
      break;
    case 'FO':
      head(KIND_FAST_OPEN);
      bytes.set(hexBytes(option.hex), at + 2);
      break;
    case 'FOEXP':
      head(KIND_EXPERIMENT);
      bytes.set(hexBytes(FAST_OPEN_MAGIC + option.hex), at + 2);
      break;
    case 'ECN':
      head(option.fields[0]?.[0] === 'e1b' ? KIND_ACC_ECN_1 : KIND_ACC_ECN_0);
      for (const [i, [, value]] of option.fields.entries()) {
        view.setUint8(at + 2 + 3 * i, value >>> 16);
        view.setUint16(at + 3 + 3 * i, value & 0xffff);
      }
      break;
    case 'unknown':
      head(option.number);
      bytes.set(hexBytes(option.hex), at + 2);
      break;
    case 'foreign':
      break;
  }
}

/** Reads the options of a header. What is malformed becomes an `unknown` option with the octets that are left. */
export function parseOptionBytes(bytes: Uint8Array): TcpOption[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const options: TcpOption[] = [];
  let at = 0;
  while (at < bytes.length) {
    const kind = view.getUint8(at);
    if (kind === KIND_NOP || kind === KIND_END) {
      options.push({ kind: kind === KIND_NOP ? 'nop' : 'eol' });
      at++;
      continue;
    }
    const length = at + 1 < bytes.length ? view.getUint8(at + 1) : 0;
    if (length < 2 || at + length > bytes.length) {
      options.push({ kind: 'unknown', number: kind, hex: hexText(bytes.subarray(at + 1)) });
      return options;
    }
    options.push(parseOption(kind, view, bytes, at, length));
    at += length;
  }
  return options;
}

function parseOption(kind: number, view: DataView, bytes: Uint8Array, at: number, length: number): TcpOption {
  const hex = hexText(bytes.subarray(at + 2, at + length));
  switch (kind) {
    case KIND_MSS:
      if (length === 4) return { kind: 'mss', value: view.getUint16(at + 2) };
      break;
    case KIND_WSCALE:
      if (length === 3) return { kind: 'wscale', value: view.getUint8(at + 2) };
      break;
    case KIND_SACK_PERMITTED:
      if (length === 2) return { kind: 'sackOK' };
      break;
    case KIND_SACK:
      if (length >= 10 && (length - 2) % 8 === 0) {
        const blocks: [number, number][] = [];
        for (let i = at + 2; i < at + length; i += 8) blocks.push([view.getUint32(i), view.getUint32(i + 4)]);
        return { kind: 'sack', blocks };
      }
      break;
    case KIND_TIMESTAMPS:
      if (length === 10) return { kind: 'TS', value: view.getUint32(at + 2), echo: view.getUint32(at + 6) };
      break;
    case KIND_MD5:
      return { kind: 'md5', hex };
    case KIND_FAST_OPEN:
      return { kind: 'FO', hex };
    case KIND_ACC_ECN_0:
    case KIND_ACC_ECN_1:
      if ((length - 2) % 3 === 0) {
        const names: readonly AccEcnField[] = kind === KIND_ACC_ECN_0 ? ['e0b', 'ceb', 'e1b'] : ['e1b', 'ceb', 'e0b'];
        const fields: [AccEcnField, number][] = [];
        for (let i = 0; i < (length - 2) / 3 && i < 3; i++) {
          const from = at + 2 + 3 * i;
          fields.push([names[i] as AccEcnField, (view.getUint8(from) << 16) | view.getUint16(from + 1)]);
        }
        return { kind: 'ECN', fields };
      }
      break;
    case KIND_EXPERIMENT:
      if (hex.startsWith(FAST_OPEN_MAGIC)) return { kind: 'FOEXP', hex: hex.slice(FAST_OPEN_MAGIC.length) };
      break;
    default:
      break;
  }
  return { kind: 'unknown', number: kind, hex };
}
