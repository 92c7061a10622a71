import type { FrameSink, LinkPort, Packet, PacketAllocator } from '@strata/contracts';

/** What {@link joinPorts} returns. */
export interface Joint {
  /** Takes the ports apart: both have nobody attached afterwards. */
  separate(): void;
}

/**
 * Plugs two ports into each other: what arrives at one is sent at the other. With the far end of an emulated cable as `one`
 * and a TAP device as `other`, a host on the near end has that cable's captures and faults on its way to the real world.
 *
 * `pool` holds the frames on their way through, in both directions; its packets should hold a whole frame. `linkChanged`
 * hears when the link of either port goes up or down, which a joint cannot pass on by itself.
 */
export function joinPorts(
  one: LinkPort,
  other: LinkPort,
  pool: PacketAllocator,
  linkChanged: (up: boolean) => void = () => {},
): Joint {
  one.attach(new Forwarder(other, pool, linkChanged));
  other.attach(new Forwarder(one, pool, linkChanged));
  return {
    separate() {
      one.attach(null);
      other.attach(null);
    },
  };
}

class Forwarder implements FrameSink {
  readonly receivePool: PacketAllocator;
  private readonly target: LinkPort;
  private readonly changed: (up: boolean) => void;

  constructor(target: LinkPort, pool: PacketAllocator, changed: (up: boolean) => void) {
    this.receivePool = pool;
    this.target = target;
    this.changed = changed;
  }

  accept(frame: Packet): void {
    this.target.send(frame);
  }

  linkChanged(up: boolean): void {
    this.changed(up);
  }
}
