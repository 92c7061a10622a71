/** UDP sockets over a NetworkService. */
export {};
