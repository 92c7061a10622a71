import type { PacketStream, StreamConnector, StreamListener } from '@strata/contracts';
import type { TlsSessionOptions } from './options.ts';
import { TlsSession } from './session.ts';

/** Opens TLS sessions over the streams of another connector: what an MQTT client is given for port 8883. */
export class TlsConnector implements StreamConnector {
  /** The session of the last attempt, for its failure and what it agreed on; null before the first. */
  session: TlsSession | null;
  private readonly below: StreamConnector;
  /** Asked before each attempt: NetX's TLS setup callback. */
  private readonly setup: () => TlsSessionOptions;

  constructor(below: StreamConnector, options: TlsSessionOptions | (() => TlsSessionOptions)) {
    this.session = null;
    this.below = below;
    this.setup = typeof options === 'function' ? options : () => options;
  }

  /** Null when the options cannot be used (then `session.failure()` says why), or the connector below cannot begin. */
  connect(listener: StreamListener): PacketStream | null {
    const session = new TlsSession(this.setup());
    this.session = session;
    session.listener = listener;
    if (!session.prepare()) return null;
    session.begin();
    const stream = this.below.connect(session.events);
    if (stream === null) {
      session.listener = null;
      session.delete();
      return null;
    }
    session.adopt(stream);
    return session;
  }
}
