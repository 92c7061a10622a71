/** What passed through a port, and what did not. All numbers only grow. */
export class PortCounters {
  framesSent: number;
  bytesSent: number;
  framesReceived: number;
  bytesReceived: number;
  /** Times the port found frames waiting; frames per burst is `framesReceived / bursts`. */
  bursts: number;
  /** Not received: shorter than an Ethernet header. */
  receiveTooShort: number;
  /** Not received: longer than the MTU allows. */
  receiveTooLong: number;
  /** Not received: the receive pool was empty. */
  receiveNoPacket: number;
  /** Not received: nobody was attached. */
  receiveNoSink: number;
  /** Not received: the datagram came from another address than the peer's. */
  receiveForeign: number;
  /** Not sent: shorter than an Ethernet header. */
  sendTooShort: number;
  /** Not sent: longer than the MTU allows. */
  sendTooLong: number;
  /** Not sent: the device is gone or closed. */
  sendLinkDown: number;
  /** Not sent: the other side's interface is down (`ip link set … up` was not done). */
  sendPeerDown: number;
  /** Not sent: the system took nothing and the queue was full. */
  sendQueueFull: number;
  /** Not sent: the system refused for another reason. */
  sendFailed: number;

  constructor() {
    this.framesSent = 0;
    // A double from the first store on: past 2^31 octets a field of small integers would allocate at every update.
    this.bytesSent = 0.5;
    this.bytesSent = 0;
    this.framesReceived = 0;
    this.bytesReceived = 0.5;
    this.bytesReceived = 0;
    this.bursts = 0;
    this.receiveTooShort = 0;
    this.receiveTooLong = 0;
    this.receiveNoPacket = 0;
    this.receiveNoSink = 0;
    this.receiveForeign = 0;
    this.sendTooShort = 0;
    this.sendTooLong = 0;
    this.sendLinkDown = 0;
    this.sendPeerDown = 0;
    this.sendQueueFull = 0;
    this.sendFailed = 0;
  }

  /** Frames that arrived and were not handed up. */
  get receiveDropped(): number {
    return this.receiveTooShort + this.receiveTooLong + this.receiveNoPacket + this.receiveNoSink + this.receiveForeign;
  }

  /** Frames that were given to the port and did not leave. */
  get sendDropped(): number {
    return (
      this.sendTooShort +
      this.sendTooLong +
      this.sendLinkDown +
      this.sendPeerDown +
      this.sendQueueFull +
      this.sendFailed
    );
  }
}
