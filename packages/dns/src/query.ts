import {
  type Alarm,
  type IpAddress,
  NEVER,
  NX_DNS_EMPTY_DNS_SERVER_LIST,
  NX_DNS_NO_SERVER,
  NX_DNS_QUERY_FAILED,
  NX_DNS_TIMEOUT,
  NX_SUCCESS,
  NX_UDP_PACKET,
  type Status,
  type Timed,
  TRACE_DNS_ANSWER,
  TRACE_DNS_FAILED,
  TRACE_DNS_FORGED,
  TRACE_DNS_QUERY,
  TRACE_DNS_REFUSED,
  TRACE_DNS_TIMEOUT,
  TRACE_DNS_TRUNCATED,
  type TraceRef,
} from '@strata/contracts';
import { datagramSource, type UdpListener, type UdpSocket } from '@strata/udp';
import { sameAddress } from '@strata/wire';
import {
  DNS_TYPE_NUMBERS,
  type DnsMessage,
  type DnsType,
  RCODE_FORMAT_ERROR,
  RCODE_NAME_ERROR,
  RCODE_NO_ERROR,
  RCODE_NOT_IMPLEMENTED,
  RCODE_REFUSED,
} from './record.ts';
import type { DnsResolver } from './resolver.ts';
import { TcpExchange } from './tcp-exchange.ts';

export const DNS_PORT = 53;

/** Hears how a query ends: exactly one of the two. */
export interface QueryListener {
  answered(message: DnsMessage): void;
  failed(status: Status, reason: string): void;
}

/** One question to one server after the other, until one can answer it. */
export class Query implements Timed, UdpListener {
  private readonly resolver: DnsResolver;
  private readonly name: string;
  private readonly type: DnsType;
  private readonly listener: QueryListener;
  private readonly servers: readonly IpAddress[];
  private readonly alarm: Alarm;
  private socket: UdpSocket | null;
  private exchange: TcpExchange | null;
  private deadline: number;
  private waited: number;
  private id: number;
  private attempts: number;
  private udpSize: number;
  /** What the last server said that could not answer. */
  private lastCode: number;
  private over: boolean;

  constructor(resolver: DnsResolver, name: string, type: DnsType, listener: QueryListener) {
    this.resolver = resolver;
    this.name = name;
    this.type = type;
    this.listener = listener;
    this.servers = [...resolver.options.servers];
    this.socket = null;
    this.exchange = null;
    this.deadline = NEVER;
    this.waited = 0;
    this.id = 0;
    this.attempts = 0;
    this.udpSize = resolver.policy.udpSize;
    this.lastCode = RCODE_NO_ERROR;
    this.over = false;
    this.alarm = resolver.options.time.alarm(this);
  }

  begin(): void {
    if (this.servers.length > 0) this.attempt();
    else this.fail(NX_DNS_EMPTY_DNS_SERVER_LIST, 'no DNS server is known');
  }

  /** Ends without a word. */
  cancel(): void {
    this.over = true;
    this.deadline = NEVER;
    this.alarm.cancel();
    this.forget();
  }

  nextDeadline(): number {
    return this.deadline;
  }

  onTime(now: number): void {
    if (this.deadline > now) return;
    this.resolver.counters.timeouts++;
    const { tracer } = this.resolver.options;
    if (tracer) tracer.event(TRACE_DNS_TIMEOUT, this.id, this.attempts, this.waited, 0, null);
    this.attempt();
  }

  receivable(socket: UdpSocket): void {
    for (let packet = socket.receive(); packet !== null; packet = socket.receive()) {
      const bytes = new Uint8Array(packet.length);
      packet.extract(0, bytes, 0, bytes.length);
      const source = datagramSource(packet);
      const asked = this.server;
      const fromServer = source !== null && source.port === DNS_PORT && sameAddress(source.address, asked);
      if (socket === this.socket) this.judge(fromServer ? bytes : EMPTY, packet);
      packet.release();
    }
  }

  /** An ICMP error: this server will not answer. */
  failed(socket: UdpSocket): void {
    if (socket === this.socket) this.attempt();
  }

  private get server(): IpAddress {
    return this.servers[(this.attempts - 1) % this.servers.length] as IpAddress;
  }

  /** Asks the next server, with a new id from a new port (RFC 5452 9.2). */
  private attempt(): void {
    this.forget();
    const { policy, options, counters } = this.resolver;
    if (this.attempts >= policy.rounds * this.servers.length) {
      const silent = this.lastCode === RCODE_NO_ERROR;
      this.fail(
        silent ? NX_DNS_TIMEOUT : NX_DNS_QUERY_FAILED,
        silent ? 'no DNS server answered' : `no DNS server can answer (code ${this.lastCode})`,
      );
      return;
    }
    const round = Math.floor(this.attempts / this.servers.length);
    this.attempts++;
    this.id = options.random.below(0x10000);
    this.waited = Math.min(policy.firstWait * 2 ** round, policy.longestWait);
    this.schedule(options.time.now + this.waited);
    counters.queriesSent++;
    if (!this.send()) counters.sendErrors++;
  }

  private send(): boolean {
    const { options } = this.resolver;
    const socket = options.udp.createSocket({ name: 'dns', queueMaximum: 8, listener: this });
    this.socket = socket;
    if (socket.bind(0) !== NX_SUCCESS) return false;
    socket.connect(this.server, DNS_PORT);
    socket.receiveErrors = true;
    const packet = options.pool.allocate(NX_UDP_PACKET);
    if (packet === null) return false;
    const bytes = this.question();
    let status = packet.appendBytes(bytes, 0, bytes.length);
    if (status === NX_SUCCESS) status = socket.send(packet, this.server, DNS_PORT);
    if (status !== NX_SUCCESS) packet.release();
    const { tracer } = options;
    if (tracer) tracer.event(TRACE_DNS_QUERY, DNS_TYPE_NUMBERS[this.type], this.id, socket.port, this.attempts, null);
    return status === NX_SUCCESS;
  }

  private question(): Uint8Array {
    const { id, name, type, udpSize } = this;
    return this.resolver.options.codec.encode({ id, name, type, udpSize });
  }

  /** Octets that came by UDP, or, in `exchange`, by TCP. */
  private judge(bytes: Uint8Array, ref: TraceRef | null): void {
    const { options, counters } = this.resolver;
    const { tracer } = options;
    const message = options.codec.decode(bytes);
    if (message === null || !this.isAnswer(message)) {
      counters.ignored++;
      if (tracer) tracer.event(TRACE_DNS_FORGED, this.id, 0, 0, 0, ref);
      return;
    }
    counters.answersReceived++;
    const { rcode } = message;
    if (tracer) {
      tracer.event(TRACE_DNS_ANSWER, DNS_TYPE_NUMBERS[this.type], this.id, rcode, message.answers.length, ref);
    }
    if (message.truncated && this.exchange === null) {
      counters.truncated++;
      if (tracer) tracer.event(TRACE_DNS_TRUNCATED, this.id, 0, 0, 0, ref);
      this.askByTcp();
    } else if (isReferral(message)) {
      counters.serverFailures++;
      this.lastCode = RCODE_REFUSED;
      if (tracer) tracer.event(TRACE_DNS_REFUSED, this.id, RCODE_REFUSED, 0, 0, ref);
      this.attempt();
    } else if (rcode === RCODE_NO_ERROR || rcode === RCODE_NAME_ERROR) {
      this.cancel();
      this.listener.answered(message);
    } else {
      counters.serverFailures++;
      this.lastCode = rcode;
      if (tracer) tracer.event(TRACE_DNS_REFUSED, this.id, rcode, 0, 0, ref);
      // RFC 6891 7: a server that does not know the option is asked without it.
      if ((rcode === RCODE_FORMAT_ERROR || rcode === RCODE_NOT_IMPLEMENTED) && this.udpSize !== 0) {
        this.udpSize = 0;
        this.attempts--;
      }
      this.attempt();
    }
  }

  /** RFC 5452 9.1: what makes a message the answer to this question. */
  private isAnswer(message: DnsMessage): boolean {
    const { question } = message;
    return (
      message.response &&
      message.opcode === 0 &&
      message.id === this.id &&
      question !== null &&
      question.type === this.type &&
      question.name === this.name
    );
  }

  /** RFC 1035 4.2.2, RFC 7766 5: the whole answer comes by TCP from the same server. */
  private askByTcp(): void {
    const { options, policy, counters } = this.resolver;
    const connector = options.connector?.(this.server, DNS_PORT);
    this.forget();
    if (connector === undefined) {
      this.fail(NX_DNS_NO_SERVER, 'the answer does not fit a datagram, and there is no TCP');
      return;
    }
    counters.tcpQueries++;
    this.schedule(options.time.now + policy.tcpWait);
    const exchange = new TcpExchange(this.question(), {
      received: (bytes) => {
        if (this.exchange === exchange) this.judge(bytes, null);
      },
      ended: () => {
        if (this.exchange === exchange) this.attempt();
      },
    });
    this.exchange = exchange;
    if (!exchange.begin(connector)) this.attempt();
  }

  private fail(status: Status, reason: string): void {
    const { tracer } = this.resolver.options;
    if (tracer) tracer.event(TRACE_DNS_FAILED, this.id, status, this.attempts, 0, null);
    if (this.over) return;
    this.cancel();
    this.listener.failed(status, reason);
  }

  private forget(): void {
    const { socket, exchange } = this;
    this.socket = null;
    this.exchange = null;
    if (socket !== null) {
      socket.listener = null;
      if (socket.port !== 0) socket.unbind();
    }
    exchange?.end();
  }

  private schedule(deadline: number): void {
    this.deadline = deadline;
    this.alarm.set(deadline);
  }
}

/** "Ask them" instead of an answer, by a server that does not search for others (RFC 1123 6.1.3.1, RFC 2308 2.2). */
function isReferral({ rcode, recursive, answers, authorities }: DnsMessage): boolean {
  if (rcode !== RCODE_NO_ERROR || recursive || answers.length > 0) return false;
  return authorities.some(({ type }) => type === 'NS') && !authorities.some(({ type }) => type === 'SOA');
}

const EMPTY = new Uint8Array(0);
