import type { TlsSecrets } from '@strata/tls';

/** Lines remembered, so that what both ends of a session tell is told once. */
const REMEMBERED = 256;

/** Passes the secrets of all sessions of a lab on to its capture and its listener, each line once. */
export class SecretsRelay implements TlsSecrets {
  private readonly capture: TlsSecrets | null;
  private readonly listener: ((line: string) => void) | null;
  private readonly recent: Set<string>;

  constructor(capture: TlsSecrets | null, listener: ((line: string) => void) | null) {
    this.capture = capture;
    this.listener = listener;
    this.recent = new Set();
  }

  handshakeBegan(): void {
    this.capture?.handshakeBegan();
  }

  keyLog(line: string): void {
    const { recent } = this;
    if (recent.has(line)) return;
    recent.add(line);
    const [oldest] = recent;
    if (recent.size > REMEMBERED && oldest !== undefined) recent.delete(oldest);
    this.capture?.keyLog(line);
    this.listener?.(line);
  }

  handshakeOver(): void {
    this.capture?.handshakeOver();
  }
}
