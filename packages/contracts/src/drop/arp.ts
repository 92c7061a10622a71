import type { DropDescription } from '../drop.ts';

/** Reasons 0x30 and up. */
export const DROP_ARP: readonly DropDescription[] = [];
