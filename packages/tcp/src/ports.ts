import type { Random } from '@strata/contracts';
import type { PortChooser } from './profile.ts';

/** First port and number of ports of the dynamic range (RFC 6335 6). */
export const FIRST_EPHEMERAL_PORT = 0xc000;
export const EPHEMERAL_PORTS = 0x4000;

/**
 * A random place in the dynamic range, then upward to the next free port, wrapping: NetX's way, and RFC 6056 3.3.1's simple
 * randomisation when the random numbers are good.
 */
export function randomPorts(random: Random): PortChooser {
  return {
    choose(isFree: (port: number) => boolean): number {
      const start = random.uint32() % EPHEMERAL_PORTS;
      for (let i = 0; i < EPHEMERAL_PORTS; i++) {
        const port = FIRST_EPHEMERAL_PORT + ((start + i) % EPHEMERAL_PORTS);
        if (isFree(port)) return port;
      }
      return 0;
    },
  };
}
