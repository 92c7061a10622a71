import type { CongestionController } from './controller.ts';
import { CubicController } from './cubic.ts';
import { netxController } from './netx.ts';
import { renoController } from './reno.ts';

/** Congestion controllers by the names that TCP_CONGESTION has for them. Each call makes one for one connection. */
export const CONGESTION_CONTROLLERS: Readonly<Record<string, () => CongestionController>> = {
  cubic: () => new CubicController(),
  reno: () => renoController,
  netx: () => netxController,
};
