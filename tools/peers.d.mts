/** A program that the tests talk to. */
export interface Peer {
  readonly command: string;
  readonly package: string;
  readonly purpose: string;
}

export const PEERS: readonly Peer[];
export const inCi: boolean;
export const NAMESPACE_ADVICE: string;
export function findCommand(command: string): string | null;
export function missingPeers(): readonly Peer[];
export function aptLine(peers: readonly Peer[]): string;
export function namespaceArguments(): readonly string[] | null;
export function ensurePeers(): Promise<void>;
