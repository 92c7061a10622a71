import type { Packet } from '@strata/contracts';

/**
 * What is wrong with a packet, in words, or null when it is sound: `dataStart <= prepend <= append <= dataEnd` in every
 * packet of the chain, the head's `length` is their sum, `last` is the end of the chain, and the chain does end.
 */
export function packetFault(packet: Packet): string | null {
  let held = 0;
  let end = packet;
  let count = 0;
  for (let part: Packet | null = packet; part !== null; part = part.next) {
    const fault = boundsFault(part);
    if (fault !== null) return count === 0 ? fault : `packet ${count} of the chain: ${fault}`;
    held += part.append - part.prepend;
    end = part;
    if (++count > 1_000_000) return 'the chain does not end';
  }
  if (held !== packet.length) return `length says ${packet.length} bytes, the chain holds ${held}`;
  if (packet.last !== (end === packet ? null : end)) return 'last is not the end of the chain';
  return null;
}

/** The same for one packet, without its chain. */
export function boundsFault(packet: Packet): string | null {
  const { dataStart, prepend, append, dataEnd } = packet;
  if (dataStart <= prepend && prepend <= append && append <= dataEnd) return null;
  const from = (offset: number): number => offset - dataStart;
  return `prepend ${from(prepend)}, append ${from(append)} are not in order within 0..${from(dataEnd)}`;
}
