import { DHCP_DISCOVER, DHCP_REQUEST } from './message.ts';
import {
  OPTION_CLASSLESS_ROUTES,
  OPTION_CLIENT_ID,
  OPTION_DNS_SERVER,
  OPTION_DOMAIN_NAME,
  OPTION_HOST_NAME,
  OPTION_INTERFACE_MTU,
  OPTION_LEASE_TIME,
  OPTION_MAXIMUM_SIZE,
  OPTION_NTP_SERVER,
  OPTION_PARAMETER_LIST,
  OPTION_REBINDING_TIME,
  OPTION_RENEWAL_TIME,
  OPTION_ROUTER,
  OPTION_SUBNET_MASK,
  textOption,
} from './options.ts';

/** Code and octets of an option. */
export type DhcpOption = readonly [code: number, value: Uint8Array];

/** What one packet of the default pool takes. */
const MAXIMUM_MESSAGE = 1472;

/** RFC 2131 4.3.1: what the client would like to know. RFC 3442 asks for 121 in front of the router. */
const PARAMETERS = Uint8Array.of(
  OPTION_SUBNET_MASK,
  OPTION_CLASSLESS_ROUTES,
  OPTION_ROUTER,
  OPTION_DNS_SERVER,
  OPTION_DOMAIN_NAME,
  OPTION_INTERFACE_MTU,
  OPTION_NTP_SERVER,
  OPTION_LEASE_TIME,
  OPTION_RENEWAL_TIME,
  OPTION_REBINDING_TIME,
);

/** RFC 2131 table 5: DECLINE and RELEASE, which nobody answers, have neither time nor flags, and ask for nothing. */
export function isAnswered(type: number): boolean {
  return type === DHCP_DISCOVER || type === DHCP_REQUEST;
}

/**
 * The options of a message behind its type: those of the state, who asks, and what would be welcome.
 * @param clientId null: servers go by the MAC address
 * @param hostName empty: not told
 */
export function requestOptions(
  type: number,
  own: readonly DhcpOption[],
  clientId: Uint8Array | null,
  hostName: string,
): readonly DhcpOption[] {
  const options = [...own];
  if (clientId !== null) options.push([OPTION_CLIENT_ID, clientId]);
  if (isAnswered(type)) {
    if (hostName !== '') options.push([OPTION_HOST_NAME, textOption(hostName)]);
    options.push([OPTION_MAXIMUM_SIZE, Uint8Array.of(MAXIMUM_MESSAGE >>> 8, MAXIMUM_MESSAGE & 0xff)]);
    options.push([OPTION_PARAMETER_LIST, PARAMETERS]);
  }
  return options;
}
