import type { PacketStream, Status, StreamConnector, StreamListener } from '@strata/contracts';

/** What a connection tells the client, while it is the client's. */
export interface ConnectionOwner {
  streamEstablished(): void;
  streamReceivable(): void;
  streamSendable(): void;
  streamPeerFinished(): void;
  streamClosed(reason: Status): void;
}

/**
 * One attempt, one stream. When the client has let go of it (a failed connect, a cut), what still arrives is released until
 * the stream is over, and none of its callbacks can reach the next connection.
 */
export class Connection implements StreamListener {
  stream: PacketStream | null;
  /** The stream is open. */
  isOpen: boolean;
  private owner: ConnectionOwner | null;
  private over: boolean;

  constructor(owner: ConnectionOwner) {
    this.stream = null;
    this.isOpen = false;
    this.owner = owner;
    this.over = false;
  }

  /** Begins to connect. False when the connector cannot begin. */
  open(connector: StreamConnector): boolean {
    this.stream = connector.connect(this);
    return this.stream !== null && !this.over;
  }

  /** Ends the stream; `closed` follows. */
  close(abort: boolean): void {
    if (!this.over) this.stream?.disconnect(abort);
  }

  /** Lets go: the owner hears nothing more. */
  abandon(abort: boolean): void {
    this.owner = null;
    this.close(abort);
    this.drain();
  }

  /** Releases whatever has arrived. */
  drain(): void {
    const { stream } = this;
    if (stream === null) return;
    for (let packet = stream.receive(); packet !== null; packet = stream.receive()) packet.release();
  }

  established(): void {
    this.isOpen = true;
    this.owner?.streamEstablished();
  }

  receivable(): void {
    if (this.owner === null) this.drain();
    else this.owner.streamReceivable();
  }

  sendable(): void {
    this.owner?.streamSendable();
  }

  peerFinished(): void {
    if (this.owner !== null) this.owner.streamPeerFinished();
    else {
      this.drain();
      this.close(false);
    }
  }

  closed(reason: Status): void {
    if (this.over) return;
    this.over = true;
    const { owner } = this;
    this.owner = null;
    if (owner !== null) owner.streamClosed(reason);
    this.drain();
  }
}
