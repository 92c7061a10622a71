import { NX_INVALID_PORT, NX_NO_FREE_PORTS, NX_PORT_UNAVAILABLE, NX_SUCCESS, type Status } from '@strata/contracts';
import type { ControlBlock } from './control-block.ts';
import type { PortChooser } from './profile.ts';

/** Which ports are taken: by a socket that was bound, by the connections of a listener, or by the listener itself. */
export class PortTable {
  /** Told when the last user of a port has gone, for callers that wait for it. */
  released: ((port: number) => void) | null;
  private readonly users: Map<number, number>;
  /** The socket that asked for a port by `bind`; connections of a listener ask for nothing. */
  private readonly owners: Map<number, ControlBlock>;
  private readonly chooser: PortChooser;
  private readonly isListening: (port: number) => boolean;
  private readonly isFreeBound: (port: number) => boolean;

  constructor(chooser: PortChooser, isListening: (port: number) => boolean) {
    this.released = null;
    this.users = new Map();
    this.owners = new Map();
    this.chooser = chooser;
    this.isListening = isListening;
    this.isFreeBound = (port) => this.isFree(port);
  }

  isFree(port: number): boolean {
    return !this.users.has(port) && !this.isListening(port);
  }

  /**
   * True when a server may listen there: nobody listens yet and no socket is bound. Connections that an earlier server left
   * behind, in TIMED_WAIT perhaps, are no obstacle, so that a server can be started again at once.
   */
  mayListen(port: number): boolean {
    return !this.owners.has(port) && !this.isListening(port);
  }

  /** Gives `tcb` the port, or an ephemeral one for 0. */
  bind(tcb: ControlBlock, port: number): Status {
    if (port < 0 || port > 0xffff || !Number.isInteger(port)) return NX_INVALID_PORT;
    let chosen = port;
    if (port === 0) {
      chosen = this.chooser.choose(this.isFreeBound, 0);
      if (chosen === 0) return NX_NO_FREE_PORTS;
    } else if (!this.isFree(port)) return NX_PORT_UNAVAILABLE;
    tcb.localPort = chosen;
    this.owners.set(chosen, tcb);
    this.take(tcb);
    return NX_SUCCESS;
  }

  /** Counts `tcb` as a user of its local port. */
  take(tcb: ControlBlock): void {
    if (tcb.bound) return;
    tcb.bound = true;
    this.users.set(tcb.localPort, (this.users.get(tcb.localPort) ?? 0) + 1);
  }

  release(tcb: ControlBlock): void {
    if (!tcb.bound) return;
    tcb.bound = false;
    const port = tcb.localPort;
    if (this.owners.get(port) === tcb) this.owners.delete(port);
    const left = (this.users.get(port) ?? 1) - 1;
    if (left > 0) {
      this.users.set(port, left);
      return;
    }
    this.users.delete(port);
    if (this.released !== null) this.released(port);
  }
}
