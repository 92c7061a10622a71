import { describe, expect, test } from '@jest/globals';
import {
  NX_INVALID_PACKET,
  NX_INVALID_PARAMETERS,
  NX_IP_PACKET,
  NX_NO_PACKET,
  NX_OPTION_ERROR,
  NX_PACKET_OFFSET_ERROR,
  NX_PTR_ERROR,
  NX_SIZE_ERROR,
  NX_SUCCESS,
  NX_TCP_PACKET,
  NX_UDP_PACKET,
} from '@strata/contracts';
import { packetCount, poolMemory } from '@strata/packet';
import { filled, makePool, pattern, take } from './helpers.ts';

describe('statuses of the packet services (NetX Duo UG 4)', () => {
  test.each([
    [NX_UDP_PACKET, NX_SUCCESS],
    [NX_TCP_PACKET, NX_SUCCESS],
    [128, NX_SUCCESS],
    [30, NX_OPTION_ERROR],
    [132, NX_INVALID_PARAMETERS],
  ])('nx_packet_allocate with packet type %i and a payload of 128 answers 0x%#', (type, status) => {
    expect(makePool().checkHeadroom(type)).toBe(status);
  });

  test('nx_packet_allocate puts prepend and append behind the head-room and sets the IP version to 4', () => {
    const pool = makePool();
    const packet = take(pool, NX_IP_PACKET);
    expect(packet).toMatchObject({ length: 0, next: null, last: null, ipVersion: 4, interfaceIndex: -1 });
    expect(packet.prepend - packet.dataStart).toBe(NX_IP_PACKET);
    expect(packet.append).toBe(packet.prepend);
    packet.release();
    expect(pool.available).toBe(pool.total);
  });

  test('an empty pool answers null and counts the request', () => {
    const pool = makePool({ packets: 1 });
    const packet = take(pool);
    expect(pool.allocate(0)).toBeNull();
    expect(pool.info()).toMatchObject({ free: 0, emptyRequests: 1, emptySuspensions: 0, minimumFree: 0 });
    packet.release();
  });

  test('the free list is last in, first out', () => {
    const pool = makePool();
    const first = take(pool);
    const second = take(pool);
    first.release();
    second.release();
    expect(take(pool)).toBe(second);
    expect(take(pool)).toBe(first);
  });

  test('a second nx_packet_release answers NX_PTR_ERROR, is counted and changes nothing', () => {
    const pool = makePool();
    const packet = take(pool);
    expect(packet.release()).toBe(NX_SUCCESS);
    expect(packet.release()).toBe(NX_PTR_ERROR);
    expect(packet.transmitRelease()).toBe(NX_PTR_ERROR);
    expect(pool.info()).toMatchObject({ free: 8, invalidReleases: 2 });
    expect(pool.verify()).toEqual([]);
  });

  test('nx_packet_release of a chain gives back every packet of it', () => {
    const pool = makePool();
    const packet = filled(pool, 128 * 3 + 1);
    expect(packet.parts).toBe(4);
    expect(packet.release()).toBe(NX_SUCCESS);
    expect(pool.available).toBe(pool.total);
  });

  test('nx_packet_data_append is all or nothing: NX_NO_PACKET leaves the packet and the pool as they were', () => {
    const pool = makePool({ packets: 3 });
    const packet = filled(pool, 100);
    expect(packet.appendBytes(pattern(28 + 128 * 2 + 1), 0, 28 + 128 * 2 + 1)).toBe(NX_NO_PACKET);
    expect(packet).toMatchObject({ length: 100, next: null, last: null });
    expect(pool).toMatchObject({ available: 2, emptyRequests: 1 });
    expect(packet.appendBytes(pattern(28 + 128 * 2), 0, 28 + 128 * 2)).toBe(NX_SUCCESS);
    expect(packet.length).toBe(384);
    packet.release();
    expect(pool.available).toBe(3);
  });

  test('nx_packet_data_append can take the further packets from another pool, and release gives each back to its own', () => {
    const small = makePool({ name: 'small', payloadSize: 64, packets: 1 });
    const large = makePool({ name: 'large', payloadSize: 256, packets: 2 });
    const packet = take(small);
    expect(packet.appendBytesFrom(pattern(300), 0, 300, large)).toBe(NX_SUCCESS);
    expect(packet.parts).toBe(2);
    expect(packet.toBytes()).toEqual(pattern(300));
    packet.release();
    expect([small.available, large.available]).toEqual([1, 2]);
  });

  test('nx_packet_copy of an empty packet answers NX_INVALID_PACKET', () => {
    const pool = makePool();
    const packet = take(pool, 16);
    expect(packet.copyStatus(pool)).toBe(NX_INVALID_PACKET);
    expect(packet.copy(pool)).toBeNull();
    expect(pool.available).toBe(7);
    packet.release();
  });

  test('nx_packet_copy keeps the prepend offset, the bytes in front of it and the IP header', () => {
    const pool = makePool();
    const packet = filled(pool, 40, 60);
    packet.prepend -= 20;
    packet.length += 20;
    packet.bytes.fill(0x45, packet.dataStart, packet.dataStart + 60);
    packet.ipHeader = packet.prepend;
    packet.ipVersion = 6;
    packet.interfaceIndex = 1;
    const copy = packet.copy(pool)!;
    expect(copy).toMatchObject({ length: 60, ipVersion: 6, interfaceIndex: 1, transportHeader: -1 });
    expect(copy.prepend - copy.dataStart).toBe(40);
    expect(copy.ipHeader).toBe(copy.prepend);
    expect(copy.bytes.subarray(copy.dataStart, copy.append)).toEqual(
      packet.bytes.subarray(packet.dataStart, packet.append),
    );
    packet.release();
    copy.release();
    expect(pool.available).toBe(pool.total);
  });

  test('nx_packet_copy chains when the payload of the other pool is smaller, and joins when it is larger', () => {
    const pool = makePool();
    const small = makePool({ payloadSize: 32, packets: 20 });
    const large = makePool({ payloadSize: 512 });
    const packet = filled(pool, 250, 16);
    const chained = packet.copy(small)!;
    const joined = packet.copy(large)!;
    expect([packet.parts, chained.parts, joined.parts]).toEqual([3, 9, 1]);
    for (const copy of [chained, joined]) {
      expect(copy.toBytes()).toEqual(pattern(250));
      expect(copy.prepend - copy.dataStart).toBe(16);
      copy.release();
    }
    packet.release();
    expect([pool.available, small.available, large.available]).toEqual([8, 20, 8]);
  });

  test('nx_packet_copy answers NX_NO_PACKET, takes nothing and counts when the other pool is too small', () => {
    const pool = makePool();
    const small = makePool({ payloadSize: 32, packets: 3 });
    const packet = filled(pool, 100);
    expect(packet.copyStatus(small)).toBe(NX_NO_PACKET);
    expect(packet.copy(small)).toBeNull();
    expect(small).toMatchObject({ available: 3, emptyRequests: 1 });
    packet.release();
  });

  test('nx_packet_copy refuses a pool whose payload is smaller than the head-room', () => {
    const packet = filled(makePool(), 10, 76);
    expect(packet.copyStatus(makePool({ payloadSize: 64 }))).toBe(NX_INVALID_PARAMETERS);
  });

  test.each([
    [0, 4, NX_SUCCESS, 4],
    [196, 100, NX_SUCCESS, 4],
    [199, 1, NX_SUCCESS, 1],
    [200, 1, NX_PACKET_OFFSET_ERROR, 0],
    [5000, 1, NX_PACKET_OFFSET_ERROR, 0],
  ])('nx_packet_data_extract_offset at %i of 200 bytes', (offset, count, status, copied) => {
    const pool = makePool();
    const packet = filled(pool, 200);
    const bytes = { value: 0 };
    const target = new Uint8Array(128);
    expect(packet.extractOffset(offset, target, 0, count, bytes)).toBe(status);
    expect(bytes.value).toBe(copied);
    expect(target.subarray(0, copied)).toEqual(pattern(200).subarray(offset, offset + copied));
    packet.release();
  });

  test('nx_packet_data_extract_offset at 0 of an empty packet is success with no bytes', () => {
    const packet = take(makePool());
    const bytes = { value: 9 };
    expect(packet.extractOffset(0, new Uint8Array(1), 0, 1, bytes)).toBe(NX_SUCCESS);
    expect(bytes.value).toBe(0);
    expect(packet.extractOffset(1, new Uint8Array(1), 0, 1, bytes)).toBe(NX_PACKET_OFFSET_ERROR);
  });

  test('nx_packet_data_retrieve copies the whole chain; NX_INVALID_PACKET when the length is not the chain', () => {
    const packet = filled(makePool(), 200);
    const copied = { value: 0 };
    const target = new Uint8Array(210);
    expect(packet.retrieve(target, 10, copied)).toBe(NX_SUCCESS);
    expect(copied.value).toBe(200);
    expect(target.subarray(10)).toEqual(pattern(200));
    expect(packet.retrieve(target, 11, copied)).toBe(NX_SIZE_ERROR);
    packet.length = 201;
    expect(packet.retrieve(target, 0, copied)).toBe(NX_INVALID_PACKET);
    expect(copied.value).toBe(200);
  });

  test.each([
    // memory, payload, 32-bit packets, 64-bit packets: multiples of align4(header + payload)
    [(1536 + 60) * 30, 1536, 30, 29],
    [(1536 + 60) * 30 - 1, 1536, 29, 29],
    [(1536 + 104) * 30, 1536, 30, 30],
    [(60 + 130) * 10, 129, 9, 8],
    [(60 + 132) * 10 + 3, 129, 10, 8],
    [100, 128, 0, 0],
  ])(
    'nx_packet_pool_create makes of %i bytes with a payload of %i: %i packets (%i on 64 bits)',
    (memory, payload, packets, wide) => {
      expect(packetCount(memory, payload)).toBe(packets);
      expect(packetCount(memory, payload, 104)).toBe(wide);
      expect(packetCount(poolMemory(7, payload), payload)).toBe(7);
    },
  );

  test('the payload ends where it was asked to end, also when the size is not a multiple of 8', () => {
    const pool = makePool({ payloadSize: 129, packets: 2 });
    const [first, second] = [take(pool), take(pool)];
    expect(first.dataEnd - first.dataStart).toBe(129);
    expect(Math.abs(second.dataStart - first.dataStart)).toBe(136);
    expect(first.dataStart % 8).toBe(0);
  });

  test('the low watermark says when receivers should shed load', () => {
    const pool = makePool({ packets: 2 });
    pool.setLowWatermark(2);
    expect(pool.isLow).toBe(false);
    take(pool);
    expect(pool.isLow).toBe(true);
  });
});
