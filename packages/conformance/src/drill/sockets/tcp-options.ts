import { MILLISECOND, NEVER, SECOND } from '@strata/contracts';
import type { TcpProfile, TcpSocket, TcpSocketOptions } from '@strata/tcp';
import { setQuickAcks } from '../linux-acks.ts';
import type { SocketFile } from './file.ts';

/** Sizes and habits that sysctls of a script set for all its sockets. */
export interface TcpDefaults {
  /** How far receive windows may grow, and where they begin. */
  readonly receiveBuffer: number;
  readonly receiveWindow: number;
  readonly sendBuffer: number;
  readonly notsentLowat: number;
  readonly timeToLive: number;
  readonly mssLimit: number;
  readonly quickAcks: boolean;
  readonly bsd: boolean;
  /** Sockets are IPv6's, whatever the packets are. */
  readonly mapped: boolean;
  /** How long an opening may take, in microseconds. */
  readonly keepInit: number;
}

/** Linux lets receive windows begin and end with whole segments of this size. */
const LARGEST_SEGMENT = 1460;

/** What a new socket of the stack is to have, by the options that were set before there was one. */
export function newSocketOptions(file: SocketFile, defaults: TcpDefaults): TcpSocketOptions {
  const clamp = file.option('SOL_TCP:TCP_WINDOW_CLAMP', 0);
  const window = startWindow(file, defaults);
  return {
    windowSize: clamp > 0 ? Math.min(clamp, window) : window,
    windowLimit: file.stored.has('SOL_SOCKET:SO_RCVBUF') || clamp > 0 ? 0 : defaults.receiveBuffer,
    timeToLive: file.option('SOL_IP:IP_TTL', defaults.timeToLive),
    typeOfService: file.option('SOL_IP:IP_TOS', 0) & 0xfc,
    dontFragment: file.option('SOL_IP:IP_MTU_DISCOVER', 1) !== 0,
    mssLimit: file.option('SOL_TCP:TCP_MAXSEG', defaults.mssLimit),
  };
}

/** The window to begin with: on Linux whole segments, and no more than the default buffer has room for unless told. */
function startWindow(file: SocketFile, { receiveBuffer, receiveWindow, mssLimit, bsd }: TcpDefaults): number {
  const chosen = file.stored.get('SOL_SOCKET:SO_RCVBUF');
  if (bsd) return chosen ?? receiveBuffer;
  const window = chosen ?? Math.min(receiveWindow, receiveBuffer);
  const mss = Math.min(file.option('SOL_TCP:TCP_MAXSEG', mssLimit) || LARGEST_SEGMENT, LARGEST_SEGMENT);
  return window > mss ? window - (window % mss) : window;
}

/** An option of an open socket has changed: `value` of `LEVEL:NAME`. */
export function applyOption(
  file: SocketFile,
  socket: TcpSocket,
  profile: TcpProfile,
  name: string,
  value: number,
): void {
  switch (name) {
    case 'SOL_TCP:TCP_NODELAY':
      socket.setNoDelay(value !== 0);
      break;
    case 'SOL_TCP:TCP_QUICKACK':
      setQuickAcks(socket, value !== 0);
      break;
    case 'SOL_SOCKET:SO_KEEPALIVE':
    case 'SOL_TCP:TCP_KEEPIDLE':
    case 'SOL_TCP:TCP_KEEPINTVL':
    case 'SOL_TCP:TCP_KEEPCNT':
      applyKeepalive(file, socket, profile);
      break;
    case 'SOL_TCP:TCP_SYNCNT':
      socket.openingRetries = value;
      break;
    case 'SOL_TCP:TCP_LINGER2':
      socket.finWait2 = value > 0 ? value * SECOND : profile.finWait2;
      break;
    case 'SOL_TCP:TCP_USER_TIMEOUT':
      socket.userTimeout = value === 0 ? NEVER : value * MILLISECOND;
      break;
    case 'SOL_SOCKET:SO_RCVBUF':
      socket.windowSize = value;
      break;
    case 'SOL_TCP:TCP_WINDOW_CLAMP':
      if (value > 0) socket.windowSize = Math.min(value, socket.windowSize);
      break;
    case 'SOL_TCP:TCP_MAXSEG':
      socket.mssLimit = value;
      if (socket.mss > value) socket.mss = value;
      break;
    case 'SOL_IP:IP_TTL':
      socket.timeToLive = value;
      if (socket.flow !== null) socket.flow.timeToLive = value;
      break;
    case 'SOL_IP:IP_TOS':
      socket.typeOfService = value & 0xfc;
      if (socket.flow !== null) socket.flow.typeOfService = (socket.flow.typeOfService & 3) | (value & 0xfc);
      break;
    default:
      break;
  }
}

function applyKeepalive(file: SocketFile, socket: TcpSocket, profile: TcpProfile): void {
  socket.setKeepalive(
    file.option('SOL_SOCKET:SO_KEEPALIVE', 0) !== 0,
    file.option('SOL_TCP:TCP_KEEPIDLE', profile.keepaliveIdle / SECOND) * SECOND,
    file.option('SOL_TCP:TCP_KEEPINTVL', profile.keepaliveInterval / SECOND) * SECOND,
    file.option('SOL_TCP:TCP_KEEPCNT', profile.keepaliveProbes),
  );
}
