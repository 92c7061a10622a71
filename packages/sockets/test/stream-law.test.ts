import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { modernProfile, netxProfile } from '@strata/stack';
import fc from '../../../test/support/laws.ts';
import { labWorld } from './support/world.ts';

test('whatever is written in whatever pieces, with whatever pauses, over whatever link, is read in order and once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        seed: fc.nat(),
        modern: fc.boolean(),
        pieces: fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 12 }),
        corked: fc.boolean(),
        writerMark: fc.constantFrom(1, 100, 16_384, 100_000),
        readerMark: fc.constantFrom(1, 100, 16_384, 100_000),
        windowSize: fc.integer({ min: 1460, max: 65_535 }),
        pause: fc.constantFrom(0, 10, 300),
        lossRate: fc.constantFrom(0, 0, 0.05),
        reorderRate: fc.constantFrom(0, 0.05),
      }),
      async (run) => {
        const faults = { lossRate: run.lossRate, reorderRate: run.reorderRate, delayMicroseconds: 2_000 };
        const world = labWorld({ seed: run.seed, faults, profile: run.modern ? modernProfile : netxProfile });
        const sent: Buffer[] = run.pieces.map((length, i) => Buffer.alloc(length, `${i}.`));
        const received: Buffer[] = [];
        await world.run(async () => {
          const server = world.server.createServer(
            { highWaterMark: run.readerMark, tcp: { windowSize: run.windowSize } },
            async (socket) => {
              for await (const bytes of socket) {
                received.push(bytes as Buffer);
                if (run.pause > 0 && received.length < 20) await world.sleep(run.pause);
              }
            },
          );
          server.listen(7);
          const socket = world.client.connect({ port: 7, host: world.serverAddress, highWaterMark: run.writerMark });
          socket.resume();
          if (run.corked) socket.cork();
          for (const piece of sent) {
            if (!socket.write(piece) && !run.corked) await once(socket, 'drain');
          }
          socket.end();
          await once(socket, 'close');
          const closed = once(server, 'close');
          server.close();
          await closed;
        });
        await world.close();
        expect(Buffer.concat(received).equals(Buffer.concat(sent))).toBe(true);
      },
    ),
    { numRuns: 40 },
  );
}, 60_000);
