import { dissect } from '@strata/dissect';
import { CAUSE_RESET, TCP_ESTABLISHED, type TcpSocket } from '@strata/tcp';
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from '@strata/wire';
import { ECHO_PORT, MQTT_PORT, type StormHost, type TargetEnd } from './storm-host.ts';

/** A segment of 1460 octets is announced, and nothing else. */
const SYN_OPTIONS = [2, 4, 5, 0xb4];

/** Data that fills any window of the target: whatever junk lies in it is then behind us. */
const FILLER = 1400;

/**
 * The stranger's end of a connection with the target. It keeps no state of its own: it asks the target's socket for its
 * numbers, so that it is right again whatever the mutated frames have done to the connection.
 */
export class StormConnection {
  readonly socket: TcpSocket;
  readonly port: number;
  readonly targetPort: number;
  private readonly storm: StormHost;
  /** Frames thrown that may have ended this connection: in its name, checksum right, RST, SYN or FIN set. */
  private readonly suspects: Uint8Array[];

  private constructor(storm: StormHost, socket: TcpSocket, port: number, targetPort: number) {
    this.storm = storm;
    this.socket = socket;
    this.port = port;
    this.targetPort = targetPort;
    this.suspects = [];
  }

  /** Connects from `port` to the target's echo port. Null when the target did not answer. */
  static open(storm: StormHost, port: number): StormConnection | null {
    const ports = { sourcePort: port, destinationPort: ECHO_PORT };
    const before = storm.accepted.length;
    storm.clearSent();
    storm.talk(storm.make.tcp({ ...ports, flags: 'S', sequence: 0x7fffff00 + port, options: SYN_OPTIONS }));
    const answer = storm.lastSent((frame) => frame.tcp?.destinationPort === port && (frame.tcp.flags & TCP_SYN) !== 0);
    const tcp = answer?.tcp ?? null;
    if (tcp === null || (tcp.flags & TCP_ACK) === 0) return null;
    storm.talk(
      storm.make.tcp({ ...ports, flags: '.', sequence: tcp.acknowledgment, acknowledgment: tcp.sequence + 1 }),
    );
    const made = storm.accepted.slice(before).find((end) => end.socket?.remotePort === port);
    return made?.socket ? new StormConnection(storm, made.socket, port, ECHO_PORT) : null;
  }

  /** Answers the SYN of the target's MQTT client. */
  static answer(storm: StormHost): StormConnection | null {
    const asked = storm.lastSent((frame) => frame.tcp?.destinationPort === MQTT_PORT && frame.tcp.flags === TCP_SYN);
    const socket = storm.mqttSocket;
    if (asked?.tcp == null || socket === null) return null;
    const { sequence, sourcePort } = asked.tcp;
    const ports = { sourcePort: MQTT_PORT, destinationPort: sourcePort };
    storm.talk(
      storm.make.tcp({ ...ports, flags: 'S.', sequence: 5000, acknowledgment: sequence + 1, options: SYN_OPTIONS }),
    );
    return new StormConnection(storm, socket, MQTT_PORT, sourcePort);
  }

  get established(): boolean {
    return this.socket.state === TCP_ESTABLISHED;
  }

  /** A segment with the numbers the target expects now. */
  segment(flags: string, data: ArrayLike<number> = [], ahead = 0): Uint8Array {
    return this.storm.make.tcp({
      sourcePort: this.port,
      destinationPort: this.targetPort,
      flags,
      sequence: (this.socket.rcvNxt + ahead) | 0,
      acknowledgment: this.socket.sndNxt,
      data,
    });
  }

  send(data: ArrayLike<number>): void {
    this.storm.talk(this.segment('P.', data));
  }

  /** Remembers a thrown frame that may have ended the connection. */
  suspect(frame: Uint8Array): void {
    if (frame.length < 54 || frame[23] !== 6) return;
    const transport = 14 + (((frame[14] as number) & 15) << 2);
    if (((frame[transport + 13] ?? 0) & (TCP_RST | TCP_SYN | TCP_FIN)) === 0) return;
    const port = ((frame[transport] as number) << 8) | (frame[transport + 1] as number);
    if (port === this.port && this.suspects.length < 256) this.suspects.push(frame);
  }

  /** Which thrown frame brought the connection to where it is, or null when none can have. */
  explanation(): string | null {
    const { cause, finSeen } = this.socket;
    const wasReset = cause === CAUSE_RESET;
    if (wasReset && this.wasThrown(TCP_RST)) return 'a reset in its name';
    if (wasReset && this.wasThrown(TCP_SYN)) return 'a SYN in its name';
    if (finSeen && this.wasThrown(TCP_FIN)) return 'a FIN in its name';
    return null;
  }

  /** True when a well-formed segment of this connection with the flag was among the frames thrown. */
  private wasThrown(flag: number): boolean {
    return this.suspects.some((frame) => {
      const { tcp, problems } = dissect(frame);
      if (tcp === null || tcp.damaged || (tcp.flags & flag) === 0 || tcp.destinationPort !== this.targetPort)
        return false;
      return problems.every((problem) => problem.kind !== 'checksum');
    });
  }

  /**
   * Brings an open connection back from whatever was believed: fills the receive window, behind which all out-of-order data
   * and every window update from ahead lie, then acknowledges everything and opens the send window.
   */
  recover(end: TargetEnd): void {
    const filler = new Uint8Array(FILLER);
    const target = (this.socket.rcvNxt + this.socket.windowSize) | 0;
    for (let i = 0; this.established && ((this.socket.rcvNxt - target) | 0) < 0 && i < 100; i++) {
      this.storm.throwFrame(this.segment('.', filler));
      end.receivable();
    }
    this.storm.throwFrame(this.segment('.'));
    end.received.length = 0;
  }
}
