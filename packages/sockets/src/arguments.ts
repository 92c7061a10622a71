import { nodeError } from './errors.ts';

/** What `connect` and `listen` were called with, put in order. */
export interface CallArguments<Options> {
  readonly options: Options;
  readonly callback: (() => void) | null;
  /** A second or third number: the backlog of `listen`. */
  readonly backlog: number | undefined;
}

/**
 * Reads the ways to call `connect` and `listen`: `(options, callback?)`, `(port, host?, backlog?, callback?)`, `(callback?)`.
 * @throws TypeError for a path: there are no local sockets between emulated hosts
 */
export function readArguments<Options extends object>(args: readonly unknown[]): CallArguments<Options> {
  const last = args.length > 0 ? args[args.length - 1] : undefined;
  const callback = typeof last === 'function' ? (last as () => void) : null;
  const first = args[0];
  let options: Record<string, unknown> = {};
  if (typeof first === 'object' && first !== null) options = { ...first };
  else if (typeof first === 'string' && !isNumeric(first)) options = { path: first };
  else if (first !== undefined && first !== null && typeof first !== 'function') {
    options = { port: first };
    if (typeof args[1] === 'string') options.host = args[1];
  }
  if (options.path) {
    throw nodeError(
      TypeError,
      'ERR_INVALID_ARG_VALUE',
      'A host of the lab has no local sockets; give a port instead of a path.',
    );
  }
  const backlog = args.slice(1, 3).find((value) => typeof value === 'number') as number | undefined;
  return { options: options as Options, callback, backlog };
}

function isNumeric(text: string): boolean {
  return text.trim() !== '' && Number(text) >= 0;
}

/** Checks a port as Node does: an integer, or its text. @throws RangeError ERR_SOCKET_BAD_PORT */
export function readPort(port: unknown, name: string): number {
  const isPort =
    (typeof port === 'number' || (typeof port === 'string' && port.trim() !== '')) &&
    Number.isInteger(Number(port)) &&
    Number(port) >= 0 &&
    Number(port) <= 65535;
  if (isPort) return Number(port);
  const given = typeof port === 'string' ? `type string ('${port}')` : `type ${typeof port} (${String(port)})`;
  throw nodeError(RangeError, 'ERR_SOCKET_BAD_PORT', `${name} should be >= 0 and < 65536. Received ${given}.`);
}

/** Checks a duration as Node's timers do. @throws TypeError, RangeError */
export function readDuration(milliseconds: unknown, name: string): number {
  if (typeof milliseconds !== 'number') {
    throw nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', `The "${name}" argument must be of type number.`);
  }
  if (!(milliseconds >= 0 && Number.isFinite(milliseconds))) {
    throw nodeError(
      RangeError,
      'ERR_OUT_OF_RANGE',
      `The value of "${name}" is out of range. It must be a non-negative finite number. Received ${milliseconds}`,
    );
  }
  return milliseconds;
}
