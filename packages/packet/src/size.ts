/** sizeof(NX_PACKET) on a 32-bit target and on a 64-bit one. */
export const NX_PACKET_HEADER_SIZE = 60;
export const NX_PACKET_HEADER_SIZE_64 = 104;

/**
 * How many packets NetX Duo makes out of a memory area: nx_packet_pool_create rounds the area down, and header plus payload
 * up, to a multiple of 4 bytes. Use it to give a pool here the size that it will have on the board.
 *
 * @param memoryBytes size of the area, which begins at a multiple of 4
 * @param payloadSize bytes of payload per packet
 * @param headerSize sizeof(NX_PACKET) on the target
 */
export function packetCount(memoryBytes: number, payloadSize: number, headerSize = NX_PACKET_HEADER_SIZE): number {
  return Math.floor(alignDown(memoryBytes) / alignDown(headerSize + payloadSize + 3));
}

/** The memory area that `packets` packets of `payloadSize` bytes need on the target; the inverse of {@link packetCount}. */
export function poolMemory(packets: number, payloadSize: number, headerSize = NX_PACKET_HEADER_SIZE): number {
  return packets * alignDown(headerSize + payloadSize + 3);
}

function alignDown(bytes: number): number {
  return bytes - (bytes % 4);
}
