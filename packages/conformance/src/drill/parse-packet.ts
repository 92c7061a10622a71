import { TCP_ACK, TCP_AE, TCP_CWR, TCP_ECE, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN, TCP_URG } from '@strata/wire';
import type {
  AccEcnField,
  IcmpBody,
  IcmpQuote,
  IpInfo,
  PacketAction,
  PacketBody,
  TcpBody,
  TcpOption,
  UdpBody,
} from './ast.ts';
import { isIcmpName } from './icmp-names.ts';
import { DrillSyntaxError, type Lexer } from './lexer.ts';
import { optionsLength } from './tcp-options.ts';

const UINT32 = 0xffffffff;

/** Reads a packet, from its `<` or `>` on. */
export function parsePacket(lexer: Lexer): PacketAction {
  const inbound = lexer.take('<');
  if (!inbound) lexer.expect('>', 'before an outbound packet');
  const tunnels: string[] = [];
  let ip: IpInfo = { ecn: null, tos: null, ttl: null, flowLabel: null };
  let early: IcmpQuote | null = null;
  for (;;) {
    if (lexer.look(/\[\s*(?:udp|raw|[0-9])/y) !== null) early = parseQuote(lexer);
    else if (lexer.sees('[') || lexer.sees('(')) ip = parseIpInfo(lexer, ip);
    else {
      const tunnel = lexer.match(/(?:ipv4|ipv6)\s+([0-9A-Fa-f:.]+)\s*>\s*([0-9A-Fa-f:.]*[0-9A-Fa-f])\s*:/y);
      const other = tunnel ?? lexer.match(/(?:gre|mpls|encap|psp)\b[^<>:]*:/y);
      if (other === null) break;
      tunnels.push(other[0].replace(/\s+/g, ' '));
    }
  }
  let ports = parsePorts(lexer);
  let body: PacketBody;
  if (lexer.look(FOREIGN_PROTOCOL) !== null) body = parseForeign(lexer);
  else if (lexer.takeWord('udp')) {
    ports ??= parsePorts(lexer);
    body = parseUdp(lexer);
  } else if (lexer.takeWord('icmp') || lexer.takeWord('icmpv6')) body = parseIcmp(lexer, early);
  else body = parseTcp(lexer, inbound);
  return { kind: 'packet', inbound, ip, tunnels, ports, body };
}

/** Protocols that other editions of the language test, and TCP inside UDP; read so that the script can be called unsupported. */
const FOREIGN_PROTOCOL = /(?:sctp|udplite|dccp|tcp)\b(?=\s*[:(/])|[SFRP.EWAU0-7-]+\/udp\b/y;
/** Where the next event begins. */
const NEXT_EVENT = /\n\s*(?:\+|\*|[0-9.]|`|%\{|\/\/|$)/y;

/** A packet of another protocol: all up to the next event. */
function parseForeign(lexer: Lexer): PacketBody {
  lexer.skip();
  const { text } = lexer;
  const from = lexer.offset;
  let depth = 0;
  for (; lexer.offset < text.length; lexer.offset++) {
    const character = text[lexer.offset] as string;
    NEXT_EVENT.lastIndex = lexer.offset;
    if (depth === 0 && (text.startsWith('//', lexer.offset) || NEXT_EVENT.test(text))) break;
    if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character) && depth > 0) depth--;
  }
  return { protocol: 'foreign', text: text.slice(from, lexer.offset).trim().replace(/\s+/g, ' ') };
}

function parsePorts(lexer: Lexer): PacketAction['ports'] {
  if (lexer.look(/[0-9]+\s*>\s*[0-9]+/y) === null) return null;
  const source = lexer.integer('a source port', 0, 65535);
  lexer.expect('>', 'between the ports');
  return { source, destination: lexer.integer('a destination port', 0, 65535) };
}

function parseIpInfo(lexer: Lexer, before: IpInfo): IpInfo {
  const close = lexer.take('[') ? ']' : ')';
  if (close === ')') lexer.expect('(', 'before what is said of the IP header');
  let { ecn, tos, ttl, flowLabel } = before;
  while (!lexer.take(close)) {
    const typed = lexer.word;
    const word = typed.toLowerCase();
    if (word === 'noecn' || word === 'ect0' || word === 'ect1' || word === 'ce' || word === 'ect01') {
      lexer.takeWord(typed);
      ecn = word;
    } else if (takeField(lexer, 'tos', 'tclass')) tos = lexer.integer('a type of service', 0, 255);
    else if (takeField(lexer, 'flowlabel', 'flow_label')) flowLabel = lexer.integer('a flow label', 0, 0xfffff);
    else if (takeField(lexer, 'ttl', 'hlim')) ttl = lexer.integer('a time to live', 0, 255);
    else {
      throw lexer.error(
        `noecn, ect0, ect1, ce, ect01, tos, ttl or flowlabel expected inside "${close === ']' ? '[' : '('}…${close}", not ${lexer.next()}`,
      );
    }
    lexer.take(',');
  }
  return { ecn, tos, ttl, flowLabel };
}

/** Takes the name of a field by either of its names, and an equals sign behind it. */
function takeField(lexer: Lexer, name: string, other: string): boolean {
  if (!lexer.takeWord(name) && !lexer.takeWord(other)) return false;
  lexer.take('=');
  return true;
}

const FLAG_BITS: Readonly<Record<string, number>> = {
  F: TCP_FIN,
  S: TCP_SYN,
  R: TCP_RST,
  P: TCP_PSH,
  '.': TCP_ACK,
  U: TCP_URG,
  E: TCP_ECE,
  W: TCP_CWR,
  A: TCP_AE,
};

function parseFlags(lexer: Lexer): number {
  const where = lexer.location();
  const found = lexer.match(/(?:-|[A-Za-z0-9.]+)(?=\s)/y);
  if (found === null)
    throw lexer.error(
      `TCP flags (letters of FSRP.EWAU, a digit 0-7, or "-"), "udp" or "icmp" expected, not ${lexer.next()}`,
    );
  const text = found[0];
  if (text === '-') return 0;
  let bits = 0;
  let digits = 0;
  for (const letter of text) {
    const bit = FLAG_BITS[letter];
    if (bit !== undefined) bits |= bit;
    else if (letter >= '0' && letter <= '7') {
      const ace = Number(letter);
      digits++;
      bits |= (ace & 4 ? TCP_AE : 0) | (ace & 2 ? TCP_CWR : 0) | (ace & 1 ? TCP_ECE : 0);
    } else
      throw new DrillSyntaxError(
        where,
        `"${letter}" in "${text}" is no TCP flag; they are FSRP.EWAU and one digit 0-7`,
      );
  }
  if (digits > 1) throw new DrillSyntaxError(where, `"${text}" has more than one digit; the ACE field is one of 0-7`);
  return bits;
}

function parseTcp(lexer: Lexer, inbound: boolean): TcpBody {
  const flags = parseFlags(lexer);
  const where = lexer.location();
  const absolute = { sequence: false, acknowledgment: false, echo: false };
  absolute.sequence = lexer.take('!');
  const { sequence, length } = parseRange(lexer, absolute);
  let acknowledgment: number | null = null;
  let window: number | null = null;
  let urgent: number | null = null;
  for (;;) {
    if (acknowledgment === null && lexer.takeWord('ack')) {
      absolute.acknowledgment = lexer.take('!');
      acknowledgment = lexer.integer('an acknowledgment number', 0, UINT32);
      if (lexer.take('!')) absolute.acknowledgment = true;
    } else if (window === null && lexer.takeWord('win')) window = lexer.integer('a window', 0, 65535);
    else if (urgent === null && lexer.takeWord('urg')) urgent = lexer.integer('an urgent pointer', 0, 65535);
    else break;
  }
  const options =
    lexer.sees('<') && !lexer.look(/<\s*(?:\[|\(|[SFRP.EWAU0-7-]+\s+[0-9]+:|udp|icmp|ipv4|ipv6)/y)
      ? parseOptions(lexer, inbound, absolute)
      : [];
  if (inbound && window === null) {
    throw new DrillSyntaxError(
      where,
      'an inbound TCP packet needs "win N" behind its sequence and acknowledgment numbers',
    );
  }
  const body: TcpBody = { protocol: 'tcp', flags, sequence, length, acknowledgment, window, urgent, options };
  return absolute.sequence || absolute.acknowledgment || absolute.echo ? { ...body, absolute } : body;
}

/** `SEQ:END(LEN)`; a `!` at either number makes them those of the wire. */
function parseRange(lexer: Lexer, absolute: { sequence: boolean } | null = null): { sequence: number; length: number } {
  const where = lexer.location();
  const sequence = lexer.integer('a sequence number', 0, UINT32);
  if (absolute !== null && lexer.take('!')) absolute.sequence = true;
  lexer.expect(':', 'behind the first sequence number');
  if (absolute !== null && lexer.take('!')) absolute.sequence = true;
  const end = lexer.integer('the sequence number of the end', 0, UINT32);
  if (absolute !== null && lexer.take('!')) absolute.sequence = true;
  const length = parseLength(lexer);
  if ((sequence + length) % 2 ** 32 !== end) {
    throw new DrillSyntaxError(
      where,
      `${sequence}:${end}(${length}) does not add up: ${sequence} + ${length} is ${(sequence + length) % 2 ** 32}`,
    );
  }
  return { sequence, length };
}

function parseLength(lexer: Lexer): number {
  lexer.expect('(', 'before the length of the payload');
  const length = lexer.integer('the length of the payload', 0, 65535);
  lexer.expect(')', 'behind the length of the payload');
  return length;
}

function parseUdp(lexer: Lexer): UdpBody {
  return { protocol: 'udp', length: parseLength(lexer) };
}

function parseIcmp(lexer: Lexer, early: IcmpQuote | null): IcmpBody {
  const where = lexer.location();
  const found = lexer.match(/[A-Za-z0-9_]+/y);
  if (found === null) throw lexer.error(`an ICMP type expected, not ${lexer.next()}`);
  const type = found[0];
  if (!/^[0-9]+$/.test(type) && !isIcmpName(type, null)) {
    throw new DrillSyntaxError(where, `"${type}" is no ICMP type`);
  }
  let code: string | null = null;
  let mtu: number | null = null;
  let id: number | null = null;
  const next = lexer.look(/[A-Za-z_][A-Za-z0-9_]*|[0-9]+(?=\s*(?:\[|mtu\b|id\b|\+|\*|$))/y);
  if (next !== null && next[0] !== 'mtu' && next[0] !== 'id') {
    const at = lexer.location();
    code = next[0];
    lexer.offset += code.length;
    if (!/^[0-9]+$/.test(code) && !isIcmpName(type, code)) {
      throw new DrillSyntaxError(at, `"${code}" is no code of the ICMP type "${type}"`);
    }
  }
  for (;;) {
    if (mtu === null && lexer.takeWord('mtu')) mtu = lexer.integer('an MTU', 0, UINT32);
    else if (id === null && lexer.takeWord('id')) id = lexer.integer('an identifier', 0, 65535);
    else break;
  }
  const quote = lexer.sees('[') ? parseQuote(lexer) : early;
  return { protocol: 'icmp', type, code, mtu, id, quote };
}

function parseQuote(lexer: Lexer): IcmpQuote {
  lexer.expect('[', 'before the quoted packet');
  let quote: IcmpQuote;
  if (lexer.takeWord('udp')) quote = { protocol: 'udp', length: parseLength(lexer) };
  else if (lexer.takeWord('raw')) quote = { protocol: 'raw', length: parseLength(lexer) };
  else quote = { protocol: 'tcp', ...parseRange(lexer) };
  lexer.expect(']', 'behind the quoted packet');
  return quote;
}

function parseOptions(lexer: Lexer, inbound: boolean, absolute: { echo: boolean }): TcpOption[] | null {
  const where = lexer.location();
  lexer.expect('<', 'before the TCP options');
  if (lexer.take('...')) {
    lexer.expect('>', 'behind "..."');
    if (inbound) throw new DrillSyntaxError(where, '"<...>" leaves the options open; an inbound packet must say them');
    return null;
  }
  const options: TcpOption[] = [];
  while (!lexer.take('>')) {
    if (options.length > 0) lexer.expect(',', 'between TCP options');
    options.push(parseOption(lexer, absolute));
  }
  const length = optionsLength(options);
  if (length % 4 !== 0 && !options.some(({ kind }) => kind === 'foreign')) {
    throw new DrillSyntaxError(
      where,
      `these TCP options are ${length} octets, which is no multiple of 4; pad them with nop or eol`,
    );
  }
  if (length > 40) throw new DrillSyntaxError(where, `these TCP options are ${length} octets; 40 fit a header`);
  return options;
}

/** Options of MPTCP and others that are not tested here; they are read so that the script can be called unsupported. */
const FOREIGN =
  /(?:mp_?(?:capable|join|prio|fail|fastclose|reset)\w*|mptcp|mp_\w+|dss\w*|add_addr\w*|rm_addr\w*|remove_addr\w*|ao|tcp_?ao|tarr|exp[-_]\w+|uto|accecn\w*)\b(?:\[[^\]]*\]|\([^)]*\)|[^,>[(])*/y;

function parseOption(lexer: Lexer, absolute: { echo: boolean }): TcpOption {
  const { word } = lexer;
  switch (word) {
    case 'nop':
    case 'eol':
    case 'sackOK':
      lexer.takeWord(word);
      return { kind: word };
    case 'NOP':
    case 'EOL':
      lexer.takeWord(word);
      return { kind: word === 'NOP' ? 'nop' : 'eol' };
    case 'sackok':
    case 'sackOk':
    case 'SACKOK':
      lexer.takeWord(word);
      return { kind: 'sackOK' };
    case 'mss':
      lexer.takeWord(word);
      return { kind: 'mss', value: lexer.integer('an MSS', 0, 65535) };
    case 'wscale':
      lexer.takeWord(word);
      return { kind: 'wscale', value: lexer.integer('a window scale', 0, 255) };
    case 'sack':
      lexer.takeWord(word);
      return parseSack(lexer);
    case 'TS': {
      lexer.takeWord(word);
      if (!lexer.takeWord('val')) throw lexer.error(`"val N ecr N" expected behind TS, not ${lexer.next()}`);
      const value = lexer.integer('a timestamp', 0, UINT32);
      if (!lexer.takeWord('ecr')) throw lexer.error(`"ecr N" expected behind the timestamp, not ${lexer.next()}`);
      if (lexer.take('!')) absolute.echo = true;
      const echo = lexer.integer('an echoed timestamp', 0, UINT32);
      if (lexer.take('!')) absolute.echo = true;
      return { kind: 'TS', value, echo };
    }
    case 'md5':
    case 'FO':
    case 'FOEXP': {
      lexer.takeWord(word);
      const hex = lexer.match(/[0-9a-fA-F]+(?![0-9A-Za-z_])/y)?.[0] ?? '';
      // A symbol that nobody has defined, such as a cookie of the kernel that the script was written on.
      const symbol = hex === '' ? lexer.match(/[A-Za-z_]\w*/y) : null;
      if (symbol !== null) return { kind: 'foreign', text: `${word} ${symbol[0]}` };
      if (hex.length % 2 !== 0) throw lexer.error(`"${hex}" has an odd number of hexadecimal digits`);
      return { kind: word, hex: hex.toLowerCase() };
    }
    case 'ECN': {
      lexer.takeWord(word);
      const fields: [AccEcnField, number][] = [];
      for (let name = lexer.word; name === 'e0b' || name === 'ceb' || name === 'e1b'; name = lexer.word) {
        lexer.takeWord(name);
        fields.push([name, lexer.integer('a counter of octets', 0, 0xffffff)]);
      }
      return { kind: 'ECN', fields };
    }
    default: {
      const foreign = lexer.match(FOREIGN);
      if (foreign !== null) return { kind: 'foreign', text: foreign[0].trim() };
      throw lexer.error(
        `a TCP option (mss, wscale, sackOK, sack, TS, nop, eol, md5, FO, FOEXP, ECN) expected, not ${lexer.next()}`,
      );
    }
  }
}

function parseSack(lexer: Lexer): TcpOption {
  const blocks: [number, number][] = [];
  while (blocks.length === 0 || lexer.look(/[0-9]+\s*:/y) !== null) {
    const left = lexer.integer('the left edge of a SACK block', 0, UINT32);
    lexer.expect(':', 'between the edges of a SACK block');
    blocks.push([left, lexer.integer('the right edge of a SACK block', 0, UINT32)]);
  }
  return { kind: 'sack', blocks };
}
