import type { Status } from '@strata/contracts';
import { describeStatus } from '@strata/dissect';

/**
 * What a promise of this package rejects with. `status` is NetX's number, `statusName` its name, and `cause` leads to what
 * lay behind it, layer by layer.
 */
export class NetError extends Error {
  readonly status: Status;
  readonly statusName: string;

  /**
   * @param what what was attempted, such as "connect to 192.0.2.2:1883"
   * @param status why it failed
   * @param cause the failure of the layer below, if one is known
   */
  constructor(what: string, status: Status, cause?: unknown) {
    const name = describeStatus(status);
    super(`${what}: ${name}`, cause === undefined ? undefined : { cause });
    this.name = 'NetError';
    this.status = status;
    this.statusName = name;
  }

  /** The whole chain on one line: "connect …: NXD_MQTT_CONNECT_FAILURE ← connect …: NX_NOT_CONNECTED". */
  chain(): string {
    const parts: string[] = [];
    for (let error: unknown = this; error instanceof Error; error = error.cause) parts.push(error.message);
    return parts.join(' ← ');
  }
}
