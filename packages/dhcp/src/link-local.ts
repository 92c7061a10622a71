import { NX_SUCCESS, type Random } from '@strata/contracts';
import type { DhcpInterface } from './interface.ts';

/** RFC 3927 2.1: 169.254.0.0/16, without its first and last 256 addresses. */
export const LINK_LOCAL_PREFIX = 16;
const FIRST = 0xa9fe0100 | 0;
const CHOICES = 0xfe00;

/** Hears that an address has been found. Called after the event. */
export interface LinkLocalListener {
  addressChosen(address: number): void;
}

/**
 * An address without any server (RFC 3927): picked at random, the same each time for one MAC address, and another one
 * whenever somebody has it. The interface's claim waits longer after ten conflicts (RFC 3927 2.2.1, RFC 5227 2.1.1).
 */
export class LinkLocal {
  /** The address in use, int32; 0 when there is none. */
  address: number;
  /** Addresses that somebody else had. */
  conflicts: number;
  private readonly on: DhcpInterface;
  private readonly random: Random;
  private readonly listener: LinkLocalListener | null;
  private running: boolean;

  constructor(on: DhcpInterface, random: Random, listener: LinkLocalListener | null = null) {
    this.address = 0;
    this.conflicts = 0;
    this.on = on;
    // RFC 3927 2.1: seeded so that a host comes back to its address, and two hosts seldom choose alike.
    this.random = random.fork(`link-local ${on.macMsw.toString(16)}${(on.macLsw >>> 0).toString(16)}`);
    this.listener = listener;
    this.running = false;
  }

  /** Looks for an address. Does nothing while it has one or is looking. */
  start(): void {
    if (this.running) return;
    this.running = true;
    this.tryNext();
  }

  /** Gives the address up. */
  stop(): void {
    if (this.running && this.address === 0) this.on.abandon();
    this.running = false;
    if (this.address !== 0) this.on.configure(null);
    this.address = 0;
  }

  /** To be called when the address was lost to another host (RFC 3927 2.5): looks for another. */
  lost(): void {
    if (!this.running || this.address === 0) return;
    this.address = 0;
    this.conflicts++;
    this.tryNext();
  }

  private tryNext(): void {
    const address = (FIRST + this.random.below(CHOICES)) | 0;
    const begun = this.on.claim(
      address,
      LINK_LOCAL_PREFIX,
      () => {
        if (!this.running) return;
        this.address = address;
        this.listener?.addressChosen(address);
      },
      () => {
        if (!this.running) return;
        this.conflicts++;
        this.tryNext();
      },
    );
    if (begun !== NX_SUCCESS) this.running = false;
  }
}
