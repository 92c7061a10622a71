import {
  DROP_ETHERNET_SHORT,
  DROP_ETHERNET_TOO_LONG,
  DROP_LINK_DOWN,
  DROP_LINK_NO_RECEIVER,
  DROP_LINK_QUEUE_OVERFLOW,
  DROP_NO_RECEIVE_PACKET,
  type FrameSink,
  NX_SUCCESS,
  type Packet,
  type PacketAllocator,
} from '@strata/contracts';
import { ETHERNET_HEADER } from '@strata/wire';
import { AttachError } from './error.ts';
import { HostInterface, IFREQ_DATA, interfaceRequest, LITTLE } from './host-interface.ts';
import { EAGAIN, EINTR, EINVAL, EIO, ENOBUFS, ENOMEM, type Libc, libc, type Readiness } from './libc.ts';
import type { MacAddress } from './mac-address.ts';
import {
  AttachedPort,
  FAR_END,
  FRAME_OFFSET,
  MAXIMUM_MTU,
  MINIMUM_MTU,
  OUR_END,
  type PortOptions,
  SEND_QUEUE,
} from './port.ts';
import { attachError, checkName, openError } from './tap-advice.ts';

/** linux/if_tun.h. `_IOW` has another direction bit on PowerPC, MIPS and SPARC. */
const TUNSETIFF = /^(ppc|mips)/.test(process.arch) ? 0x800454ca : 0x400454ca;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;

const O_RDWR = 0o2;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

/** How to open a {@link TapDevice}. */
export interface TapOptions extends PortOptions {
  /** Name of the network interface: 1..15 octets. Opened when it exists, created (and removed on close) otherwise. */
  readonly name: string;
  /** MTU to set on the Linux side and for us, 68..65517. Default: what the interface has. */
  readonly mtu?: number;
  /** Addresses for the Linux side, such as `192.0.2.1/24`. Taken back on close. */
  readonly hostAddresses?: readonly string[];
  /** MAC address for the Linux side. Default: what the kernel chose. */
  readonly hostMac?: MacAddress;
  /** Bring the Linux side up. Default true. */
  readonly bringUp?: boolean;
}

/**
 * A Linux TAP device as a port: frames that Linux sends to its network interface arrive here, frames sent here arrive there.
 *
 * Reading is driven by readiness: the event loop watches the descriptor, and each turn takes a batch of frames, each read
 * straight into a packet of the sink's receive pool. An idle device costs nothing. Frames leave from inside `send`, straight
 * from the slab; Linux queues them, so nothing is delivered from inside that call.
 *
 * The device keeps the process alive until {@link close}. When the process ends in whatever way, the kernel closes the
 * descriptor and removes a device that this object has created.
 */
export class TapDevice extends AttachedPort {
  readonly name: string;
  /** True when the interface existed before; then it stays when this object is closed. */
  readonly persistent: boolean;
  /** The Linux side. */
  readonly host: HostInterface;
  private readonly c: Libc;
  private fd: number;
  private readiness: Readiness | null;
  private burstPending: boolean;
  /** Frames that do not fit one packet, or that nobody has a packet for, pass through here. One octet more than the largest. */
  private readonly scratch: Uint8Array;
  private readonly scratchAddress: number;
  /** Slab that packets were last received into or sent from, and where it lies. */
  private slab: Uint8Array | null;
  private slabAddress: number;
  /** Ring of frames the kernel had no room for. */
  private readonly waiting: (Packet | null)[];
  private waitingHead: number;
  private waitingCount: number;
  private readonly onReadiness: () => void;
  private readonly onBurst: () => void;

  /**
   * Opens or creates the device and sets the Linux side up. Throws an {@link AttachError} with advice when it cannot.
   * `c` is the C library; tests give another.
   */
  static open(options: TapOptions, c: Libc = libc()): TapDevice {
    checkName(options.name);
    checkMtu(options.mtu);
    const existed = c.interfaceIndex(options.name) !== 0;
    const fd = c.open('/dev/net/tun', O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) throw openError(c.errno(), options.name);
    const host = new HostInterface(c, options.name);
    try {
      const request = interfaceRequest(options.name);
      request.setUint16(IFREQ_DATA, IFF_TAP | IFF_NO_PI, LITTLE);
      if (c.ioctl(fd, TUNSETIFF, new Uint8Array(request.buffer)) < 0) {
        throw attachError(c.errno(), options.name, existed);
      }
      if (options.mtu !== undefined) host.setMtu(options.mtu);
      if (options.hostMac !== undefined) host.setMac(options.hostMac);
      if (options.bringUp ?? true) host.bringUp();
      for (const address of options.hostAddresses ?? []) host.addAddress(address);
      return new TapDevice(options, c, fd, host, existed);
    } catch (error) {
      if (existed) host.removeAddedAddresses();
      c.close(fd);
      throw error;
    }
  }

  private constructor(options: TapOptions, c: Libc, fd: number, host: HostInterface, existed: boolean) {
    super(options, host.mtu);
    this.name = options.name;
    this.persistent = existed;
    this.host = host;
    this.c = c;
    this.fd = fd;
    this.readiness = null;
    this.burstPending = false;
    this.scratch = new Uint8Array(new ArrayBuffer(this.maximumFrame + 1));
    this.scratchAddress = c.addressOf(this.scratch);
    this.slab = null;
    this.slabAddress = 0;
    this.waiting = new Array<Packet | null>(SEND_QUEUE).fill(null);
    this.waitingHead = 0;
    this.waitingCount = 0;
    // libuv's callback runs outside a callback scope of Node, where promises and exceptions would get lost, so the work
    // is done in the check phase that follows at once.
    this.onReadiness = () => {
      if (this.burstPending) return;
      this.burstPending = true;
      setImmediate(this.onBurst);
    };
    this.onBurst = () => this.burst();
  }

  attach(sink: FrameSink | null): void {
    this.sink = sink;
    this.watch();
  }

  send(frame: Packet): void {
    const counters = this.counters;
    const length = frame.length;
    if (this.fd < 0) {
      counters.sendLinkDown++;
      this.traceLost(DROP_LINK_DOWN, length, OUR_END, frame);
    } else if (length < ETHERNET_HEADER) {
      counters.sendTooShort++;
      this.traceLost(DROP_ETHERNET_SHORT, length, OUR_END, frame);
    } else if (length > this.maximumFrame) {
      counters.sendTooLong++;
      this.traceLost(DROP_ETHERNET_TOO_LONG, length, OUR_END, frame);
    } else if (this.waitingCount > 0 || !this.write(frame)) {
      this.enqueue(frame);
      return;
    }
    frame.transmitRelease();
  }

  close(): void {
    this.sink = null;
    if (this.fd >= 0 && this.persistent) this.host.removeAddedAddresses();
    this.shut();
    this.setLink(false);
  }

  /** Reads and hands up at most a batch of frames, and sends what waited. */
  private burst(): void {
    this.burstPending = false;
    if (this.fd < 0) return;
    if (this.waitingCount > 0) this.flush();
    this.counters.bursts++;
    this.wake();
    for (let left = this.batch; left > 0 && this.receive(); left--);
    this.wake();
  }

  /** Takes one frame from the kernel. False when there is none, nobody wants it, or the device is gone. */
  private receive(): boolean {
    const sink = this.sink;
    if (sink === null || this.fd < 0) return false;
    const pool = sink.receivePool;
    if (pool.available === 0 || pool.payloadSize - FRAME_OFFSET <= this.maximumFrame) {
      return this.receiveThroughScratch(sink, pool);
    }
    const packet = pool.allocate(0);
    if (packet === null) return this.receiveThroughScratch(sink, pool);
    const start = packet.dataStart + FRAME_OFFSET;
    // One octet more than the largest frame: the kernel cuts longer ones silently, and that octet tells.
    const length = this.read(this.addressIn(packet.bytes) + start, this.maximumFrame + 1);
    if (length <= 0 || !this.checkReceived(length)) {
      packet.release();
      return length > 0;
    }
    packet.prepend = start;
    packet.append = start + length;
    packet.length = length;
    this.countReceived(length);
    sink.accept(packet);
    return true;
  }

  /** The same for a pool whose packets are smaller than a frame (the frame is chained) and for an empty pool. */
  private receiveThroughScratch(sink: FrameSink, pool: PacketAllocator): boolean {
    const length = this.read(this.scratchAddress, this.scratch.length);
    if (length <= 0) return false;
    if (!this.checkReceived(length)) return true;
    const packet = pool.allocate(0);
    if (packet !== null) {
      packet.prepend = packet.dataStart + FRAME_OFFSET;
      packet.append = packet.prepend;
    }
    if (packet === null || packet.appendBytes(this.scratch, 0, length) !== NX_SUCCESS) {
      this.counters.receiveNoPacket++;
      this.traceLost(DROP_NO_RECEIVE_PACKET, length, FAR_END, null);
      packet?.release();
      return true;
    }
    this.countReceived(length);
    sink.accept(packet);
    return true;
  }

  private checkReceived(length: number): boolean {
    if (length < ETHERNET_HEADER) {
      this.counters.receiveTooShort++;
      this.traceLost(DROP_ETHERNET_SHORT, length, FAR_END, null);
      return false;
    }
    if (length > this.maximumFrame) {
      this.counters.receiveTooLong++;
      this.traceLost(DROP_ETHERNET_TOO_LONG, length, FAR_END, null);
      return false;
    }
    return true;
  }

  private countReceived(length: number): void {
    this.counters.framesReceived++;
    this.counters.bytesReceived += length;
  }

  /** Octets read, or -1 when there is nothing to read. A device that has disappeared takes the link down. */
  private read(address: number, count: number): number {
    const length = this.c.read(this.fd, address, count);
    if (length >= 0) return length;
    const errno = this.c.errno();
    if (errno !== EAGAIN && errno !== EINTR) this.lost();
    return -1;
  }

  /** True when the frame is dealt with (sent, or dropped and counted); false when the kernel has no room now. */
  private write(frame: Packet): boolean {
    const length = frame.length;
    let address: number;
    if (frame.next === null) address = this.addressIn(frame.bytes) + frame.prepend;
    else {
      frame.extract(0, this.scratch, 0, length);
      address = this.scratchAddress;
    }
    if (this.c.write(this.fd, address, length) >= 0) {
      this.counters.framesSent++;
      this.counters.bytesSent += length;
      return true;
    }
    switch (this.c.errno()) {
      case EAGAIN:
      case EINTR:
      case ENOBUFS:
      case ENOMEM:
        return false;
      case EIO:
        this.counters.sendPeerDown++;
        this.traceLost(DROP_LINK_NO_RECEIVER, length, OUR_END, frame);
        return true;
      case EINVAL:
        this.counters.sendFailed++;
        this.traceLost(DROP_LINK_NO_RECEIVER, length, OUR_END, frame);
        return true;
      default:
        // One that waits is counted with the rest of the queue.
        if (this.waiting[this.waitingHead] !== frame) {
          this.counters.sendLinkDown++;
          this.traceLost(DROP_LINK_DOWN, length, OUR_END, frame);
        }
        this.lost();
        return true;
    }
  }

  private enqueue(frame: Packet): void {
    if (this.waitingCount === SEND_QUEUE) {
      this.counters.sendQueueFull++;
      this.traceLost(DROP_LINK_QUEUE_OVERFLOW, frame.length, OUR_END, frame);
      frame.transmitRelease();
      return;
    }
    this.waiting[(this.waitingHead + this.waitingCount) % SEND_QUEUE] = frame;
    this.waitingCount++;
    if (this.waitingCount === 1) this.watch();
  }

  private flush(): void {
    while (this.waitingCount > 0) {
      const frame = this.waiting[this.waitingHead] as Packet;
      if (!this.write(frame)) return;
      if (this.waitingCount > 0) this.dequeue();
    }
    this.watch();
  }

  private dequeue(): void {
    const frame = this.waiting[this.waitingHead] as Packet;
    this.waiting[this.waitingHead] = null;
    this.waitingHead = (this.waitingHead + 1) % SEND_QUEUE;
    this.waitingCount--;
    frame.transmitRelease();
  }

  /** Watches the descriptor for exactly what is wanted of it. Nobody attached and nothing waiting: not at all. */
  private watch(): void {
    if (this.fd < 0) return;
    const readable = this.sink !== null;
    const writable = this.waitingCount > 0;
    if (!readable && !writable) {
      this.readiness?.stop();
      return;
    }
    this.readiness ??= this.c.watch(this.fd, this.onReadiness);
    this.readiness.start({ readable, writable }, this.onReadiness);
  }

  /** Somebody removed the interface. Found out from inside `send` too, so the sink is told later. */
  private lost(): void {
    this.shut();
    setImmediate(() => this.setLink(false));
  }

  private shut(): void {
    if (this.fd < 0) return;
    this.readiness?.close();
    this.readiness = null;
    this.c.close(this.fd);
    this.fd = -1;
    while (this.waitingCount > 0) {
      const frame = this.waiting[this.waitingHead] as Packet;
      this.counters.sendLinkDown++;
      this.traceLost(DROP_LINK_DOWN, frame.length, OUR_END, frame);
      this.dequeue();
    }
  }

  /** Where a slab lies. All packets of a host share one, so this is nearly always the one of the last call. */
  private addressIn(bytes: Uint8Array): number {
    if (bytes !== this.slab) {
      this.slab = bytes;
      this.slabAddress = this.c.addressOf(bytes);
    }
    return this.slabAddress;
  }
}

function checkMtu(mtu: number | undefined): void {
  if (mtu === undefined || (Number.isInteger(mtu) && mtu >= MINIMUM_MTU && mtu <= MAXIMUM_MTU)) return;
  throw new AttachError('SYSTEM', `the MTU ${mtu} is not between ${MINIMUM_MTU} and ${MAXIMUM_MTU}`, []);
}
