import { describe, expect, test } from '@jest/globals';
import {
  NX_INVALID_PACKET,
  NX_PTR_ERROR,
  NX_SUCCESS,
  PACKET_ALLOCATED,
  PACKET_FREE,
  PACKET_RETAINED,
  PACKET_TRANSMITTING,
} from '@strata/contracts';
import { filled, makePool } from './helpers.ts';

/** A segment that a transport has handed down and keeps: 20 bytes of IP header in front of 32 of TCP. */
function sent(pool = makePool()) {
  const packet = filled(pool, 32, 56);
  packet.transportHeader = packet.prepend;
  packet.prepend -= 20;
  packet.length += 20;
  packet.state = PACKET_TRANSMITTING;
  return { pool, packet };
}

describe('a packet between a transport and a driver', () => {
  test('is released by the driver when no transport keeps it', () => {
    const pool = makePool();
    expect(filled(pool, 10).transmitRelease()).toBe(NX_SUCCESS);
    expect(pool.available).toBe(pool.total);
  });

  test('is only marked when a transport keeps it, and what is in front of its transport header is stripped', () => {
    const { pool, packet } = sent();
    expect(packet.transmitRelease()).toBe(NX_SUCCESS);
    expect(packet).toMatchObject({ state: PACKET_RETAINED, length: 32, prepend: packet.transportHeader });
    expect(pool.available).toBe(pool.total - 1);
    expect(packet.release()).toBe(NX_SUCCESS);
    expect(pool.available).toBe(pool.total);
  });

  test('is not released a second time by a driver that reports it twice', () => {
    const { packet } = sent();
    packet.transmitRelease();
    expect(packet.transmitRelease()).toBe(NX_INVALID_PACKET);
    expect(packet.state).toBe(PACKET_RETAINED);
  });

  test('belongs to the driver alone once the transport has released it, and is freed when it is out', () => {
    const { pool, packet } = sent();
    expect(packet.release()).toBe(NX_SUCCESS);
    expect(packet.state).toBe(PACKET_ALLOCATED);
    expect(packet.length).toBe(52);
    expect(pool.available).toBe(pool.total - 1);
    expect(packet.transmitRelease()).toBe(NX_SUCCESS);
    expect(packet.state).toBe(PACKET_FREE);
    expect(pool.available).toBe(pool.total);
    expect(packet.transmitRelease()).toBe(NX_PTR_ERROR);
  });

  test('keeps its chain until the driver is done with it', () => {
    const pool = makePool();
    const packet = filled(pool, 300);
    packet.transportHeader = packet.prepend;
    packet.state = PACKET_TRANSMITTING;
    packet.release();
    expect(pool.available).toBe(5);
    packet.transmitRelease();
    expect(pool.available).toBe(8);
  });

  test('can be sent again after it was out', () => {
    const { pool, packet } = sent();
    packet.transmitRelease();
    packet.state = PACKET_TRANSMITTING;
    packet.prepend -= 20;
    packet.length += 20;
    packet.transmitRelease();
    expect(packet.length).toBe(32);
    packet.release();
    expect(pool.available).toBe(pool.total);
  });
});
