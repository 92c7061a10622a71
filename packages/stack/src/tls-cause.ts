import type { TlsSession } from '@strata/tls';
import { NetError } from './net-error.ts';

/**
 * Why a session failed, as the causes of an error, outermost first: its status, the alert, the reason. Undefined when it did
 * not fail.
 */
export function tlsCause(session: TlsSession | null): NetError | undefined {
  const failure = session?.failure() ?? null;
  if (failure === null) return undefined;
  const { status, alert, why } = failure;
  const reason = new Error(why);
  const said = alert === null ? reason : new Error((session as TlsSession).explainAlert(), { cause: reason });
  return new NetError('TLS', status, said);
}
