import type { StreamConnector } from '@strata/contracts';
import { TlsConnector, type TlsSession } from '@strata/tls';
import { HostTlsConnector, TcpConnector } from './connectors.ts';
import { NetError } from './net-error.ts';

/**
 * Why a session failed, as the causes of an error, outermost first: its status, the alert, the reason. Undefined when it did
 * not fail.
 * @param below why the stream below broke, if it did
 */
export function tlsCause(session: TlsSession | null, below?: NetError): NetError | undefined {
  const failure = session?.failure() ?? null;
  if (failure === null) return undefined;
  const { status, alert, why } = failure;
  const reason = new Error(why, below === undefined ? undefined : { cause: below });
  const said = alert === null ? reason : new Error((session as TlsSession).explainAlert(), { cause: reason });
  return new NetError('TLS', status, said);
}

/** Why the last stream of a connector broke, layer by layer; undefined when nobody knows. */
export function connectorCause(connector: StreamConnector): NetError | undefined {
  if (connector instanceof TcpConnector) return connector.cause();
  if (!(connector instanceof TlsConnector)) return undefined;
  const below = connector instanceof HostTlsConnector ? connector.tcp.cause() : undefined;
  return tlsCause(connector.session, below) ?? below;
}
