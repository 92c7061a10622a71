import type { Random, TimeService } from '@strata/contracts';
import type { ControlBlock } from './control-block.ts';
import { halfSipHash } from './keyed-hash.ts';
import type { IsnGenerator } from './profile.ts';

/** NetX: the first from two random numbers, each later one of the same socket a random step above the last. */
export function netxIsn(random: Random): IsnGenerator {
  return {
    dependsOnFlow: false,

    next(tcb: ControlBlock): number {
      if (tcb.iss === 0) {
        const upper = random.uint32() << 16;
        return upper | random.uint32();
      }
      return (tcb.iss + 0x10000 + (random.uint32() >>> 1)) | 0;
    },
  };
}

/** RFC 6528: a 4-microsecond clock plus a keyed hash of addresses and ports, so that no outsider can guess it. */
export function hashedIsn(random: Random, time: TimeService): IsnGenerator {
  const key0 = random.uint32() | 0;
  const key1 = random.uint32() | 0;
  const words = new Int32Array(9);
  return {
    dependsOnFlow: true,

    next(tcb: ControlBlock): number {
      const { flow } = tcb;
      if (flow !== null) {
        words[0] = flow.local.w0;
        words[1] = flow.local.w1;
        words[2] = flow.local.w2;
        words[3] = flow.local.w3;
        words[4] = flow.remote.w0;
        words[5] = flow.remote.w1;
        words[6] = flow.remote.w2;
        words[7] = flow.remote.w3;
      }
      words[8] = (tcb.localPort << 16) | tcb.remotePort;
      const clock = Math.floor(time.now / 4) % 0x1_0000_0000;
      return (clock + halfSipHash(key0, key1, words)) | 0;
    },
  };
}
