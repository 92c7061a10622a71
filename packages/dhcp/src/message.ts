import { OPTION_MESSAGE_TYPE, OPTION_OVERLOAD, readOptions } from './options.ts';

/** RFC 2131 4.1: the ports of clients and servers. */
export const DHCP_CLIENT_PORT = 68;
export const DHCP_SERVER_PORT = 67;

export const BOOT_REQUEST = 1;
export const BOOT_REPLY = 2;
const HARDWARE_ETHERNET = 1;

/** RFC 2132 9.6. */
export const DHCP_DISCOVER = 1;
export const DHCP_OFFER = 2;
export const DHCP_REQUEST = 3;
export const DHCP_DECLINE = 4;
export const DHCP_ACK = 5;
export const DHCP_NAK = 6;
export const DHCP_RELEASE = 7;
export const DHCP_INFORM = 8;

/** RFC 2131 2, figure 1: offsets of the fixed fields. */
const TRANSACTION = 4;
const SECONDS = 8;
const FLAGS = 10;
const CLIENT_ADDRESS = 12;
const YOUR_ADDRESS = 16;
const HARDWARE_ADDRESS = 28;
const SERVER_NAME = 44;
const BOOT_FILE = 108;
const COOKIE = 236;
const OPTIONS = 240;

/** Octets that one option can hold. */
const LONGEST = 255;
const MAGIC_COOKIE = 0x63825363;
/** Ask servers to broadcast their answers (RFC 2131 2, figure 2). */
const FLAG_BROADCAST = 0x8000;
/** RFC 951 3: relays and old servers drop shorter messages. */
const SHORTEST = 300;

/** The fields of a request that change. Addresses are int32, 0 for none. */
export interface DhcpRequest {
  readonly type: number;
  readonly transaction: number;
  /** Since the client began, 0..65535. */
  readonly seconds: number;
  readonly broadcast: boolean;
  readonly clientAddress: number;
  readonly macMsw: number;
  readonly macLsw: number;
  /** Option code and value, in the order in which they are sent. */
  readonly options: readonly (readonly [code: number, value: Uint8Array])[];
}

/** What a client needs of a server's message. */
export interface DhcpReply {
  readonly type: number;
  readonly transaction: number;
  readonly yourAddress: number;
  readonly macMsw: number;
  readonly macLsw: number;
  /** By code; what several options of one code hold is put together (RFC 3396 5). */
  readonly options: ReadonlyMap<number, Uint8Array>;
}

/** The octets of a message to a server. */
export function encodeRequest(request: DhcpRequest): Uint8Array {
  let length = OPTIONS + 3 + 1;
  for (const [, value] of request.options) length += value.length + 2 * Math.max(1, Math.ceil(value.length / LONGEST));
  const bytes = new Uint8Array(Math.max(length, SHORTEST));
  const view = new DataView(bytes.buffer);
  bytes[0] = BOOT_REQUEST;
  bytes[1] = HARDWARE_ETHERNET;
  bytes[2] = 6;
  view.setInt32(TRANSACTION, request.transaction);
  view.setUint16(SECONDS, Math.min(request.seconds, 0xffff));
  view.setUint16(FLAGS, request.broadcast ? FLAG_BROADCAST : 0);
  view.setInt32(CLIENT_ADDRESS, request.clientAddress);
  view.setUint16(HARDWARE_ADDRESS, request.macMsw);
  view.setInt32(HARDWARE_ADDRESS + 2, request.macLsw);
  view.setUint32(COOKIE, MAGIC_COOKIE);
  let at = OPTIONS;
  const put = (code: number, value: Uint8Array): void => {
    // RFC 3396 4: what does not fit one option goes on in the next of the same code.
    let from = 0;
    do {
      const part = value.subarray(from, from + LONGEST);
      bytes[at] = code;
      bytes[at + 1] = part.length;
      bytes.set(part, at + 2);
      at += 2 + part.length;
      from += LONGEST;
    } while (from < value.length);
  };
  put(OPTION_MESSAGE_TYPE, Uint8Array.of(request.type));
  for (const [code, value] of request.options) put(code, value);
  bytes[at] = 255;
  return bytes;
}

/** Reads a server's message; null when it is none, or malformed. Never throws. */
export function decodeReply(bytes: Uint8Array): DhcpReply | null {
  if (bytes.length < OPTIONS || bytes[0] !== BOOT_REPLY || bytes[1] !== HARDWARE_ETHERNET || bytes[2] !== 6)
    return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(COOKIE) !== MAGIC_COOKIE) return null;
  const options = new Map<number, Uint8Array>();
  if (!readOptions(bytes, OPTIONS, bytes.length, options)) return null;
  // RFC 2132 9.3: the fields of the boot file and the server's name may hold more options, in this order.
  const overload = options.get(OPTION_OVERLOAD)?.[0] ?? 0;
  if ((overload & 1) !== 0 && !readOptions(bytes, BOOT_FILE, COOKIE, options)) return null;
  if ((overload & 2) !== 0 && !readOptions(bytes, SERVER_NAME, BOOT_FILE, options)) return null;
  const type = options.get(OPTION_MESSAGE_TYPE);
  if (type === undefined || type.length !== 1) return null;
  return {
    type: type[0] as number,
    transaction: view.getInt32(TRANSACTION),
    yourAddress: view.getInt32(YOUR_ADDRESS),
    macMsw: view.getUint16(HARDWARE_ADDRESS),
    macLsw: view.getInt32(HARDWARE_ADDRESS + 2),
    options,
  };
}
