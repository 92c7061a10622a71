import { TCP_ACK, TCP_AE, TCP_CWR, TCP_ECE, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN, TCP_URG } from '@strata/wire';
import type {
  Action,
  CallResult,
  Expression,
  IcmpQuote,
  IpInfo,
  PacketAction,
  Script,
  StructField,
  TcpBody,
  TcpOption,
  TimeSpec,
} from './ast.ts';

/** A script as text that reads back to the same script. */
export function formatScript(script: Script): string {
  const lines: string[] = [];
  for (const { name, value } of script.options)
    lines.push(value === null ? `--${name}` : `--${name}=${optionValue(value)}`);
  if (script.init !== null) lines.push(`\`${script.init.command}\``);
  for (const event of script.events) lines.push(`${formatTimeSpec(event.time)} ${formatAction(event.action)}`);
  if (script.cleanup !== null) lines.push(`\`${script.cleanup.command}\``);
  return `${lines.join('\n')}\n`;
}

function optionValue(value: string): string {
  return /\s/.test(value) && !/["`]/.test(value) ? `"${value}"` : value;
}

/** Seconds without needless zeros. */
export function formatSeconds(microseconds: number): string {
  const text = (microseconds / 1e6).toFixed(6).replace(/0+$/, '');
  return text.endsWith('.') ? text.slice(0, -1) : text;
}

export function formatTimeSpec(time: TimeSpec): string {
  switch (time.kind) {
    case 'any':
      return '*';
    case 'absolute':
      return formatSeconds(time.at);
    case 'relative':
      return `+${formatSeconds(time.at)}`;
    case 'absolute-range':
      return `${formatSeconds(time.at)}~${formatSeconds(time.to)}`;
    case 'relative-range':
      return `+${formatSeconds(time.at)}~+${formatSeconds(time.to)}`;
    case 'absolute-blocking':
      return `${formatSeconds(time.at)}...${formatSeconds(time.to)}`;
    case 'relative-blocking':
      return `+${formatSeconds(time.at)}...${formatSeconds(time.to)}`;
  }
}

export function formatAction(action: Action): string {
  switch (action.kind) {
    case 'packet':
      return formatPacket(action);
    case 'shell':
      return `\`${action.command}\``;
    case 'code':
      return `%{${action.text}}%`;
    case 'call':
      return `${action.name}(${action.arguments.map(formatExpression).join(', ')}) = ${formatResult(action.result)}`;
  }
}

function formatResult(result: CallResult): string {
  const value = result.value === null ? '...' : String(result.value);
  return result.errno === null ? value : `${value} ${result.errno}`;
}

export function formatPacket(packet: PacketAction): string {
  const parts = [packet.inbound ? '<' : '>', formatIpInfo(packet.ip), ...packet.tunnels];
  const ports = packet.ports === null ? '' : `${packet.ports.source} > ${packet.ports.destination}`;
  const { body } = packet;
  switch (body.protocol) {
    case 'tcp':
      parts.push(ports, formatTcp(body));
      break;
    case 'foreign':
      parts.push(body.text);
      break;
    case 'udp':
      parts.push('udp', ports, `(${body.length})`);
      break;
    case 'icmp':
      parts.push('icmp', body.type, body.code ?? '');
      if (body.mtu !== null) parts.push(`mtu ${body.mtu}`);
      if (body.id !== null) parts.push(`id ${body.id}`);
      if (body.quote !== null) parts.push(formatQuote(body.quote));
      break;
  }
  return parts.filter((part) => part !== '').join(' ');
}

function formatIpInfo(ip: IpInfo): string {
  const parts: string[] = [];
  if (ip.ecn !== null) parts.push(ip.ecn);
  if (ip.tos !== null) parts.push(`tos 0x${ip.tos.toString(16)}`);
  if (ip.ttl !== null) parts.push(`ttl ${ip.ttl}`);
  if (ip.flowLabel !== null) parts.push(`flowlabel 0x${ip.flowLabel.toString(16)}`);
  return parts.length === 0 ? '' : `[${parts.join(', ')}]`;
}

function formatQuote(quote: IcmpQuote): string {
  if (quote.protocol === 'tcp') {
    return `[${quote.sequence}:${(quote.sequence + quote.length) % 2 ** 32}(${quote.length})]`;
  }
  return `[${quote.protocol} (${quote.length})]`;
}

const LETTERS: readonly (readonly [string, number])[] = [
  ['F', TCP_FIN],
  ['S', TCP_SYN],
  ['R', TCP_RST],
  ['P', TCP_PSH],
  ['U', TCP_URG],
  ['E', TCP_ECE],
  ['W', TCP_CWR],
  ['A', TCP_AE],
  ['.', TCP_ACK],
];

/** TCP flags in the language's letters; `-` for none. */
export function formatFlags(flags: number): string {
  let text = '';
  for (const [letter, bit] of LETTERS) if (flags & bit) text += letter;
  return text === '' ? '-' : text;
}

export function formatTcp(body: TcpBody): string {
  const mark = (on: boolean | undefined) => (on === true ? '!' : '');
  const { absolute } = body;
  const parts = [
    formatFlags(body.flags),
    `${mark(absolute?.sequence)}${body.sequence}:${(body.sequence + body.length) % 2 ** 32}(${body.length})`,
  ];
  if (body.acknowledgment !== null) parts.push(`ack ${mark(absolute?.acknowledgment)}${body.acknowledgment}`);
  if (body.window !== null) parts.push(`win ${body.window}`);
  if (body.urgent !== null) parts.push(`urg ${body.urgent}`);
  if (body.options === null) parts.push('<...>');
  else if (body.options.length > 0) {
    const options = body.options.map(formatOption).join(',');
    parts.push(`<${absolute?.echo === true ? options.replace(' ecr ', ' ecr !') : options}>`);
  }
  return parts.join(' ');
}

export function formatOption(option: TcpOption): string {
  switch (option.kind) {
    case 'nop':
    case 'eol':
    case 'sackOK':
      return option.kind;
    case 'mss':
    case 'wscale':
      return `${option.kind} ${option.value}`;
    case 'sack':
      return `sack ${option.blocks.map(([left, right]) => `${left}:${right}`).join(' ')}`;
    case 'TS':
      return `TS val ${option.value} ecr ${option.echo}`;
    case 'md5':
    case 'FO':
    case 'FOEXP':
      return option.hex === '' ? option.kind : `${option.kind} ${option.hex}`;
    case 'ECN':
      return `ECN ${option.fields.map(([name, value]) => `${name} ${value}`).join(' ')}`.trimEnd();
    case 'foreign':
      return option.text;
    case 'unknown':
      return `option ${option.number} ${option.hex}`.trimEnd();
  }
}

export function formatExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'any':
      return '...';
    case 'number':
      return String(expression.value);
    case 'text':
      return JSON.stringify(expression.value);
    case 'symbol':
      return expression.name;
    case 'or':
      return expression.parts.map(formatExpression).join('|');
    case 'call':
      return `${expression.name}(${expression.arguments.map(formatExpression).join(', ')})`;
    case 'list':
      return `[${expression.items.map(formatExpression).join(', ')}]`;
    case 'struct':
      return `{${expression.fields.map(formatField).join(', ')}}`;
  }
}

function formatField(field: StructField): string {
  const value = formatExpression(field.value);
  if (field.name === null) return value;
  const size = field.size === null ? '' : `(${formatExpression(field.size)})`;
  return `${field.name}${size}=${value}`;
}
