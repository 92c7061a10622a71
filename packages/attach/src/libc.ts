import { createRequire } from 'node:module';
import { AttachError } from './error.ts';

/** The error numbers of Linux that this package tells apart (asm-generic/errno.h). */
export const EPERM = 1;
export const ENOENT = 2;
export const EINTR = 4;
export const EIO = 5;
export const ENXIO = 6;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EBUSY = 16;
export const EEXIST = 17;
export const ENODEV = 19;
export const EINVAL = 22;
export const EBADFD = 77;
export const EADDRNOTAVAIL = 99;
export const ENOBUFS = 105;

const ERRNO_NAMES: Record<number, string> = {
  [EPERM]: 'EPERM',
  [ENOENT]: 'ENOENT',
  [EINTR]: 'EINTR',
  [EIO]: 'EIO',
  [ENXIO]: 'ENXIO',
  [EAGAIN]: 'EAGAIN',
  [ENOMEM]: 'ENOMEM',
  [EACCES]: 'EACCES',
  [EBUSY]: 'EBUSY',
  [EEXIST]: 'EEXIST',
  [ENODEV]: 'ENODEV',
  [EINVAL]: 'EINVAL',
  [EBADFD]: 'EBADFD',
  [EADDRNOTAVAIL]: 'EADDRNOTAVAIL',
  [ENOBUFS]: 'ENOBUFS',
};

/** `EPERM`, or `errno 123` for one that has no name here. */
export function errnoName(errno: number): string {
  return ERRNO_NAMES[errno] ?? `errno ${errno}`;
}

/** Watches one descriptor from Node's event loop (libuv's `uv_poll`). */
export interface Readiness {
  /** Calls `ready` once per turn of the loop while the descriptor is readable, or writable too when asked. */
  start(options: { readonly readable: boolean; readonly writable: boolean }, ready: () => void): void;
  stop(): void;
  close(): void;
  ref(): void;
  unref(): void;
}

/**
 * The C library, as few calls of it as TAP needs. Buffers of the packet path are passed as addresses (see
 * {@link Libc.addressOf}), so that reading into the middle of a slab makes no view.
 */
export interface Libc {
  open(path: string, flags: number): number;
  close(fd: number): number;
  read(fd: number, address: number, count: number): number;
  write(fd: number, address: number, count: number): number;
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  socket(domain: number, type: number, protocol: number): number;
  /** Index of a network interface in this process's namespace, 0 when there is none of that name. */
  interfaceIndex(name: string): number;
  /** Error number of the last call. */
  errno(): number;
  /** Puts an error number back that a later call has overwritten. */
  setErrno(errno: number): void;
  /** Where `bytes` lies in memory. Valid while `bytes` is referenced; the slab of a pool never moves. */
  addressOf(bytes: Uint8Array): number;
  watch(fd: number, ready: () => void): Readiness;
}

let loaded: Libc | null = null;

/** The C library of this process. Throws an {@link AttachError} where there is none that can be used. */
export function libc(): Libc {
  if (process.platform !== 'linux') {
    throw new AttachError('NOT_LINUX', `TAP devices need Linux; this is ${process.platform}`, [
      'Use frames in UDP datagrams instead (QEMU -netdev dgram), the loopback bridge, or a Linux virtual machine.',
    ]);
  }
  loaded ??= load();
  return loaded;
}

function load(): Libc {
  const require = createRequire(import.meta.url);
  let koffi: typeof import('koffi');
  try {
    koffi = require('koffi');
  } catch (error) {
    throw new AttachError(
      'NO_LIBRARY',
      `the koffi package, which makes system calls, does not load here: ${(error as Error).message}`,
      [`It has ready-made binaries for common platforms; this one is ${process.platform}-${process.arch}.`],
    );
  }
  if (typeof koffi.node?.poll !== 'function') {
    throw new AttachError(
      'NO_LIBRARY',
      `koffi ${koffi.version} cannot watch descriptors (koffi.node.poll is missing)`,
      ['Install the version that package-lock.json names: npm ci'],
    );
  }
  const c = koffi.load(null);
  const memmove = c.func('uintptr_t memmove(void *to, void *from, size_t count)');
  return {
    open: c.func('int open(const char *path, int flags)'),
    close: c.func('int close(int fd)'),
    read: c.func('long read(int fd, uintptr_t buffer, size_t count)'),
    write: c.func('long write(int fd, uintptr_t buffer, size_t count)'),
    ioctl: c.func('int ioctl(int fd, unsigned long request, void *argument)'),
    socket: c.func('int socket(int domain, int type, int protocol)'),
    interfaceIndex: c.func('unsigned int if_nametoindex(const char *name)'),
    errno: () => koffi.errno(),
    setErrno: (errno) => {
      koffi.errno(errno);
    },
    // Moving nothing onto itself returns the address of the buffer it was given.
    addressOf: (bytes) => Number(memmove(bytes, bytes, 0)),
    watch: (fd, ready) => koffi.node.poll(fd, ready),
  };
}
