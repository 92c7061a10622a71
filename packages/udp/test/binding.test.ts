import { describe, expect, test } from '@jest/globals';
import {
  NX_ALREADY_BOUND,
  NX_ALREADY_ENABLED,
  NX_IN_PROGRESS,
  NX_INVALID_PORT,
  NX_IP_ADDRESS_ERROR,
  NX_NO_FREE_PORTS,
  NX_NOT_BOUND,
  NX_PORT_UNAVAILABLE,
  NX_STILL_BOUND,
  NX_SUCCESS,
} from '@strata/contracts';
import { ipv4Address } from '@strata/wire';
import { ipv4, ipWord, text, udp } from '../../ip/test/frames.ts';
import { netxUdpPolicy, UdpService, type UdpSocket } from '../src/index.ts';
import { readText, UdpHost } from './udp-host.ts';

describe('ports (NetX Duo UG 4, nx_udp_socket_bind)', () => {
  test('a port belongs to one socket', () => {
    const host = new UdpHost();
    const [a, b] = [host.udp.createSocket(), host.udp.createSocket()];
    expect(a.bind(5000)).toBe(NX_SUCCESS);
    expect(a.bind(5001)).toBe(NX_ALREADY_BOUND);
    expect(b.bind(5000)).toBe(NX_PORT_UNAVAILABLE);
    expect(host.udp.deleteSocket(a)).toBe(NX_STILL_BOUND);
    expect(a.unbind()).toBe(NX_SUCCESS);
    expect(a.unbind()).toBe(NX_NOT_BOUND);
    expect(host.udp.deleteSocket(a)).toBe(NX_SUCCESS);
    expect(b.bind(5000)).toBe(NX_SUCCESS);
    expect(b.bind(70000)).toBe(NX_ALREADY_BOUND);
    for (const port of [-1, 65536, Number.NaN]) expect(a.bind(port)).toBe(NX_INVALID_PORT);
    host.finish();
  });

  test('sockets whose ports share a hash bucket do not disturb each other', () => {
    const host = new UdpHost();
    const sockets = Array.from({ length: 20 }, (_, i) => {
      const socket = host.udp.createSocket();
      expect(socket.bind(1 + i * 32)).toBe(NX_SUCCESS);
      return socket;
    });
    for (let i = 0; i < 20; i += 3) sockets[i]?.unbind();
    sockets.forEach((socket, i) => {
      host.injectIp(ipv4({}, udp({ destinationPort: 1 + i * 32 }, text(`${i}`))));
      if (i % 3 === 0) host.next();
      else expect(readText(socket.receive())).toBe(`${i}`);
    });
    host.finish();
  });

  test('sockets that wait for a port get it in the order of their coming, as soon as it is free', () => {
    const host = new UdpHost();
    const [first, second, third, fourth] = [1, 2, 3, 4].map(() => host.udp.createSocket()) as UdpSocket[];
    const told: string[] = [];
    const waiter = (name: string) => ({ bound: (status: number) => told.push(`${name} ${status}`) });
    expect(first?.bindOrWait(5000, waiter('first'))).toBe(NX_SUCCESS);
    expect(second?.bindOrWait(5000, waiter('second'))).toBe(NX_IN_PROGRESS);
    expect(second?.bindOrWait(5000, waiter('second'))).toBe(NX_ALREADY_BOUND);
    expect(third?.bindOrWait(5000, waiter('third'))).toBe(NX_IN_PROGRESS);
    expect(fourth?.bindOrWait(5000, waiter('fourth'))).toBe(NX_IN_PROGRESS);
    expect(third?.bindOrWait(70_000, waiter('third'))).not.toBe(NX_SUCCESS);
    expect([third?.cancelBind(), third?.cancelBind()]).toEqual([true, false]);
    expect(first?.unbind()).toBe(NX_SUCCESS);
    // Nobody comes between.
    expect([second?.port, first?.bind(5000), told]).toEqual([5000, NX_PORT_UNAVAILABLE, []]);
    host.scheduler.runDeferred();
    expect(told).toEqual([`second ${NX_SUCCESS}`]);
    host.udp.deleteSocket(fourth as UdpSocket);
    expect(second?.unbind()).toBe(NX_SUCCESS);
    host.scheduler.runDeferred();
    expect([told.length, host.udp.binding.length, first?.bind(5000)]).toEqual([1, 0, NX_SUCCESS]);
    host.finish();
  });

  test('a socket that waits for a port and takes another waits no longer', () => {
    const host = new UdpHost();
    const [first, second] = [1, 2].map(() => host.udp.createSocket()) as [UdpSocket, UdpSocket];
    const told: number[] = [];
    expect(first.bind(5000)).toBe(NX_SUCCESS);
    expect(second.bindOrWait(5000, { bound: (status) => told.push(status) })).toBe(NX_IN_PROGRESS);
    expect([second.bind(5001), host.udp.binding.length]).toEqual([NX_SUCCESS, 0]);
    first.unbind();
    second.unbind();
    expect([first.bind(5000), second.port, told]).toEqual([NX_SUCCESS, 0, []]);
    host.finish();
  });

  test('port 0 takes a random free one of the ephemeral range', () => {
    const host = new UdpHost();
    const ports = new Set<number>();
    for (let i = 0; i < 500; i++) {
      const socket = host.udp.createSocket();
      expect(socket.bind(0)).toBe(NX_SUCCESS);
      expect(socket.port).toBeGreaterThanOrEqual(0xc000);
      ports.add(socket.port);
    }
    expect(ports.size).toBe(500);
    expect(Math.max(...ports) - Math.min(...ports)).toBeGreaterThan(8000);
    host.finish();
  });

  test('the last free port is found, and then there is none', () => {
    const policy = { ...netxUdpPolicy, ephemeralFirst: 60000, ephemeralLast: 60003 };
    const host = new UdpHost({}, policy);
    const statuses = Array.from({ length: 5 }, () => host.udp.createSocket().bind(0));
    expect(statuses).toEqual([0, 0, 0, 0, NX_NO_FREE_PORTS]);
    expect(host.udp.findFreePort(60000)).toBe(60004);
    expect(host.udp.findFreePort(0)).toBe(-NX_INVALID_PORT);
    host.finish();
  });

  test('bound to an address, a socket hears only what is sent to it', () => {
    const host = new UdpHost();
    const [any, one] = [host.udp.createSocket(), host.udp.createSocket()];
    const ours = ipv4Address(ipWord('192.0.2.1'));
    expect(one.bind(5000, ipv4Address(ipWord('192.0.2.9')))).toBe(NX_IP_ADDRESS_ERROR);
    expect(one.bind(5000, ours)).toBe(NX_SUCCESS);
    expect(any.bind(5000)).toBe(NX_PORT_UNAVAILABLE);
    expect(any.bind(5000, ipv4Address(0x7f000001))).toBe(NX_SUCCESS);
    host.injectIp(ipv4({}, udp({}, text('a'))));
    expect([any.queued, one.queued]).toEqual([0, 1]);
    readText(one.receive());
    host.injectIp(ipv4({ destination: '192.0.2.255' }, udp({ destination: '192.0.2.255' }, text('b'))));
    expect([any.queued, one.queued]).toEqual([0, 0]);
    host.finish();
  });

  test('an instance has one UDP', () => {
    const host = new UdpHost();
    const second = new UdpService({ network: host.ip, time: host.scheduler, random: host.random });
    expect([host.udp.registered, second.registered]).toEqual([NX_SUCCESS, NX_ALREADY_ENABLED]);
    host.finish();
  });
});
