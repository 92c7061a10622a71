import type { Lab, NetError } from '@strata/stack';
import type { Aedes } from 'aedes';
import { formatTimestamp } from '../terminal/format.ts';

/** A client as aedes knows it. */
interface Client {
  readonly id?: string;
}

/** Tells what happens in a broker, a line each, as people who run one read it. */
export class BrokerLog {
  private readonly lab: Lab;
  private readonly print: (line: string) => void;

  constructor(lab: Lab, print: (line: string) => void) {
    this.lab = lab;
    this.print = print;
  }

  /** Listens to a broker. */
  listen(aedes: Aedes): void {
    const name = (client: Client | null) => client?.id ?? 'the broker';
    aedes.on('clientReady', (client: Client) => this.say(`${name(client)} connected`));
    aedes.on('clientDisconnect', (client: Client) => this.say(`${name(client)} disconnected`));
    aedes.on('clientError', (client: Client, error: Error) => this.say(`${name(client)}: ${error.message}`));
    aedes.on('connectionError', (client: Client, error: Error) =>
      this.say(`${client?.id ?? 'a client'} was refused: ${error.message}`),
    );
    aedes.on('keepaliveTimeout', (client: Client) => this.say(`${name(client)} said nothing for too long`));
    aedes.on('subscribe', (subscriptions: readonly { topic: string; qos: number }[], client: Client) => {
      for (const { topic, qos } of subscriptions) this.say(`${name(client)} subscribed to ${topic}, QoS ${qos}`);
    });
    aedes.on('unsubscribe', (filters: readonly string[], client: Client) => {
      for (const filter of filters) this.say(`${name(client)} unsubscribed from ${filter}`);
    });
    aedes.on('publish', (packet, client: Client | null) => {
      // aedes tells its own state on topics of its own.
      if (client === null) return;
      const retained = packet.retain ? ', retained' : '';
      this.say(
        `${name(client)} published ${packet.topic}, ${packet.payload.length} bytes, QoS ${packet.qos}${retained}`,
      );
    });
  }

  /** A TLS handshake failed. */
  refused(error: NetError): void {
    this.say(error.chain());
  }

  private say(what: string): void {
    this.print(`${formatTimestamp(this.lab.now).padStart(12)}  ${visible(what)}`);
  }
}

/** Client identifiers and topics are the clients' words: what would control a terminal is shown as `\xNN`. */
function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
