/**
 * `@strata/attach`: frames of the real world, in and out. A port of this package stands where a segment of the emulated
 * Ethernet would; what is above cannot tell.
 *
 * - `tap.ts` — a TAP device on Linux: the other end of the cable is a network interface of the kernel
 * - `udp.ts` — Ethernet frames in UDP datagrams, as QEMU's `-netdev dgram` speaks
 * - `join.ts` — plugs such a port into the end of an emulated cable, for its captures and faults
 *
 * Owns descriptors, the Linux side of a device (up, MTU, addresses) and the advice that a failure prints. Knows no protocol
 * above Ethernet and makes no decision about a frame but whether it has a possible length.
 *
 * ```ts
 * const clock = new HostClock(...);
 * const tap = TapDevice.open({
 *   name: 'tap0',
 *   hostAddresses: ['192.0.2.1/24'],
 *   mac: localMac(new SeededRandom(1).fork('tap0')),
 *   wake: () => clock.poke(),
 * });
 * const driver = new EthernetDriver(tap, ...);
 * tap.close();
 * ```
 */
export { PortCounters } from './counters.ts';
export { AttachError, type AttachErrorCode } from './error.ts';
export { HostInterface } from './host-interface.ts';
export { type Joint, joinPorts } from './join.ts';
export { localMac, type MacAddress } from './mac-address.ts';
export {
  AttachedPort,
  DEFAULT_BATCH,
  DEFAULT_MTU,
  MAXIMUM_MTU,
  MINIMUM_MTU,
  type PortOptions,
  SEND_QUEUE,
} from './port.ts';
export { TapDevice, type TapOptions } from './tap.ts';
export { UdpLink, type UdpLinkOptions } from './udp-link.ts';
