import { describe, expect, test } from '@jest/globals';
import { SeededRandom } from '@strata/time';
import { AttachError } from '../src/error.ts';
import { EACCES, EBUSY, EINVAL, ENOENT, EPERM } from '../src/libc.ts';
import { localMac } from '../src/mac-address.ts';
import { TapDevice, type TapOptions } from '../src/tap.ts';
import { FakeLibc } from './fake-libc.ts';

function refusal(prepare: (c: FakeLibc) => void, options: Partial<TapOptions> = {}): AttachError {
  const c = new FakeLibc();
  prepare(c);
  try {
    TapDevice.open({ name: 'tap0', mac: { msw: 0x0200, lsw: 1 }, ...options }, c);
  } catch (error) {
    expect(error).toBeInstanceOf(AttachError);
    expect(c.openDescriptors).toBe(0);
    return error as AttachError;
  }
  throw new Error('nothing was refused');
}

const nothing = () => {};

describe('opening a TAP device', () => {
  test.each([
    ['', 'empty'],
    ['sixteen-octets-x', '16 octets'],
    ['a/b', '"/"'],
    ['tap%d', '"%"'],
    ['ta p', 'blanks'],
    ['..', ''],
  ])('the name "%s" is refused before anything is opened', (name, why) => {
    const error = refusal(nothing, { name });
    expect(error.code).toBe('NAME_INVALID');
    expect(error.message).toContain(why);
  });

  test('a missing /dev/net/tun tells how to load the driver and what a container needs', () => {
    const error = refusal((c) => {
      c.openErrno = ENOENT;
    });
    expect(error.code).toBe('NO_DEVICE_NODE');
    expect(error.advice).toContain('  sudo modprobe tun');
    expect(error.describe()).toContain('--device /dev/net/tun');
  });

  test('a /dev/net/tun that this user may not open gives the lines to run', () => {
    const error = refusal((c) => {
      c.openErrno = EACCES;
    });
    expect(error.code).toBe('NO_PERMISSION');
    expect(error.describe()).toMatch(/sudo ip tuntap add dev tap0 mode tap user \S+/);
  });

  test('no right to create: the exact line, and the way without privileges', () => {
    const error = refusal((c) => {
      c.attachErrno = EPERM;
    });
    expect(error.code).toBe('NO_PERMISSION');
    expect(error.advice[1]).toMatch(/^ {2}sudo ip tuntap add dev tap0 mode tap user \S+ && sudo ip link set tap0 up$/);
    expect(error.describe()).toContain('unshare -Urn');
  });

  test("another user's device: how to give it to this user", () => {
    const error = refusal((c) => {
      c.existing = ['tap0'];
      c.attachErrno = EPERM;
    });
    expect(error.message).toContain('belongs to another user');
  });

  test('a device open elsewhere is busy; an interface of another kind is a name clash', () => {
    const busy = refusal((c) => {
      c.attachErrno = EBUSY;
    });
    expect(busy.code).toBe('BUSY');
    const clash = refusal((c) => {
      c.existing = ['tap0'];
      c.attachErrno = EINVAL;
    });
    expect(clash.code).toBe('NAME_TAKEN');
  });

  test('an MTU or address that cannot be is refused', () => {
    expect(refusal(nothing, { mtu: 67 }).message).toContain('68');
    expect(refusal(nothing, { mtu: 70_000 }).message).toContain('65517');
    expect(refusal(nothing, { hostAddresses: ['192.0.2.0/33'] }).code).toBe('ADDRESS_INVALID');
  });
});

describe('our own MAC address', () => {
  test('is the same for the same seed and another for another', () => {
    expect(localMac(new SeededRandom(1))).toEqual(localMac(new SeededRandom(1)));
    expect(localMac(new SeededRandom(1))).not.toEqual(localMac(new SeededRandom(2)));
  });

  test('is unicast and locally administered for any seed', () => {
    for (let seed = 0; seed < 1000; seed++) {
      const { msw, lsw } = localMac(new SeededRandom(seed));
      expect((msw >>> 8) & 3).toBe(2);
      expect(msw).toBeLessThan(0x10000);
      expect(lsw).toBe(lsw | 0);
    }
  });
});
