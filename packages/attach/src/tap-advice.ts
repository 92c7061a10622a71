import { userInfo } from 'node:os';
import { AttachError } from './error.ts';
import { EACCES, EBUSY, EINVAL, ENODEV, ENOENT, ENXIO, EPERM, errnoName } from './libc.ts';

/** The line that makes a TAP device which this user may open from then on, without privileges. */
export function createLine(name: string): string {
  return `sudo ip tuntap add dev ${name} mode tap user ${userName()} && sudo ip link set ${name} up`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return '$USER';
  }
}

const WITHOUT_PRIVILEGES = [
  'Without privileges, in a network namespace of your own:',
  '  unshare -Urn bash',
  'and run the same command there; or leave TAP out and use the loopback bridge.',
];

/** Linux: a name of 1..15 octets without `/`, `:` or white space (dev_valid_name); `%` would make the kernel number it. */
export function checkName(name: string): void {
  const octets = new TextEncoder().encode(name).length;
  const fault =
    octets === 0
      ? 'it is empty'
      : octets > 15
        ? `it has ${octets} octets and Linux allows 15`
        : name === '.' || name === '..' || /[/:%\s\0]/.test(name)
          ? 'it may not contain "/", ":", "%" or blanks'
          : null;
  if (fault === null) return;
  throw new AttachError('NAME_INVALID', `"${name}" cannot be the name of a network interface: ${fault}`, [
    'Choose a short one such as tap0.',
  ]);
}

/** Why `/dev/net/tun` could not be opened. */
export function openError(errno: number, name: string): AttachError {
  if (errno === ENOENT || errno === ENODEV || errno === ENXIO) {
    return new AttachError('NO_DEVICE_NODE', `/dev/net/tun is not there, so no TAP device can be opened`, [
      'Load the driver:',
      '  sudo modprobe tun',
      'In a container, start it with --device /dev/net/tun, or make the node:',
      '  sudo mkdir -p /dev/net && sudo mknod /dev/net/tun c 10 200 && sudo chmod 666 /dev/net/tun',
    ]);
  }
  if (errno === EACCES || errno === EPERM) {
    return new AttachError('NO_PERMISSION', `this user may not open /dev/net/tun (${errnoName(errno)})`, [
      'Let every user open it (making devices still needs privileges) and make the device:',
      '  sudo chmod 666 /dev/net/tun',
      `  ${createLine(name)}`,
      ...WITHOUT_PRIVILEGES,
    ]);
  }
  return systemError('open /dev/net/tun', errno);
}

/** Why the device could not be created or opened by name (TUNSETIFF). */
export function attachError(errno: number, name: string, existed: boolean): AttachError {
  if (errno === EPERM || errno === EACCES) {
    return existed
      ? new AttachError('NO_PERMISSION', `the TAP device ${name} belongs to another user`, [
          'Give it to this user:',
          `  sudo ip tuntap del dev ${name} mode tap && ${createLine(name)}`,
          ...WITHOUT_PRIVILEGES,
        ])
      : new AttachError('NO_PERMISSION', `this user may not create the TAP device ${name}`, [
          'Create it once, for this user:',
          `  ${createLine(name)}`,
          ...WITHOUT_PRIVILEGES,
        ]);
  }
  if (errno === EBUSY) {
    return new AttachError('BUSY', `the TAP device ${name} is open in another process`, [
      'End that process, or choose another name. This shows who has it:',
      '  ip -details tuntap show',
    ]);
  }
  if (errno === EINVAL && existed) {
    return new AttachError('NAME_TAKEN', `${name} exists and is not a TAP device (or has several queues)`, [
      'Choose another name; this lists the TAP devices:',
      '  ip tuntap show',
    ]);
  }
  return systemError(`TUNSETIFF ${name}`, errno);
}

/** Why the Linux side of the device could not be set up; `line` does the same by hand. */
export function setupError(errno: number, what: string, line: string): AttachError {
  if (errno === EPERM || errno === EACCES) {
    return new AttachError('NO_PERMISSION', `this user may not ${what}`, ['Do it by hand:', `  ${line}`]);
  }
  return new AttachError('SYSTEM', `could not ${what}: ${errnoName(errno)}`, ['The same by hand:', `  ${line}`]);
}

export function systemError(call: string, errno: number): AttachError {
  return new AttachError('SYSTEM', `${call} failed: ${errnoName(errno)}`, []);
}
