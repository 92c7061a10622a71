/**
 * A NetX status code. 0 is success. Inside the stack every failure is one of these numbers; `NetError` exists only at the
 * edge, where a promise rejects.
 */
export type Status = number;

export * from './status/dns.ts';
export * from './status/mqtt.ts';
export * from './status/nx.ts';
export * from './status/secure.ts';
export * from './status/tx.ts';
