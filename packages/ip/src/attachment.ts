import {
  CAPABILITY_RX_CHECKSUM,
  CAPABILITY_TX_CHECKSUM,
  type IpAddress,
  NX_INVALID_INTERFACE,
  NX_INVALID_PARAMETERS,
  NX_NOT_SUPPORTED,
  NX_SUCCESS,
  NX_UNHANDLED_COMMAND,
  type Status,
  TRACE_IP_DETACHED,
} from '@strata/contracts';
import { ipv4Address } from '@strata/wire';
import type { IpInstance } from './instance.ts';
import type { IpInterface } from './interface.ts';

/** @internal The lowest index that no interface has: one that was detached leaves its own to the next (NetX's table of interfaces). */
export function freeIndex(interfaces: readonly IpInterface[]): number {
  let index = 0;
  while (interfaces.some((each) => each.index === index)) index++;
  return index;
}

/** @internal See {@link IpInstance.detachInterface}. */
export function detachInterface(ip: IpInstance, target: IpInterface): Status {
  const at = ip.interfaces.indexOf(target);
  if (at < 0) return NX_INVALID_INTERFACE;
  const addresses: IpAddress[] = target.ipv6.addresses.map(({ address }) => address);
  if (target.address !== 0) addresses.push(ipv4Address(target.address));
  if (ip.tracer !== null) ip.tracer.event(TRACE_IP_DETACHED, target.index, target.address, 0, 0, null);
  // What is bound to it first: whoever is told may still look at routes and addresses.
  for (const sink of ip.receiver.transports()) sink.interfaceDetached?.(target.index, addresses);
  ip.ipv6.disable(target);
  ip.groups.detach(target);
  ip.arp.detach(target);
  ip.rarp.detach(target);
  ip.redirects.detach(target);
  target.link?.detach();
  target.up = false;
  target.address = 0;
  target.mask = 0;
  target.broadcast = 0;
  ip.interfaces.splice(at, 1);
  ip.routes.recheck();
  ip.generation++;
  ip.interfaceListener?.detached?.(target);
  return NX_SUCCESS;
}

/** @internal See {@link IpInstance.setPhysicalAddress}. */
export function setPhysicalAddress(
  ip: IpInstance,
  target: IpInterface,
  msw: number,
  lsw: number,
  updateLink: boolean,
): Status {
  const { link } = target;
  if (link === null) return NX_INVALID_INTERFACE;
  if ((msw & 0x100) !== 0 || (msw === 0 && lsw === 0) || !(msw >= 0 && msw <= 0xffff)) return NX_INVALID_PARAMETERS;
  if (updateLink && link.setPhysicalAddress?.(msw, lsw | 0) !== true) return NX_UNHANDLED_COMMAND;
  target.macMsw = msw;
  target.macLsw = lsw | 0;
  ip.generation++;
  return NX_SUCCESS;
}

/** @internal See {@link IpInstance.setCapabilities}. */
export function setCapabilities(ip: IpInstance, target: IpInterface, capabilities: number): Status {
  const { link } = target;
  if (link === null) return NX_INVALID_INTERFACE;
  if ((capabilities & ~link.properties.capabilities) !== 0) return NX_NOT_SUPPORTED;
  target.verifiesChecksums = (capabilities & CAPABILITY_RX_CHECKSUM) !== 0;
  target.makesChecksums = (capabilities & CAPABILITY_TX_CHECKSUM) !== 0;
  target.capabilities = capabilities;
  ip.generation++;
  return NX_SUCCESS;
}
