/** Scripted peer, checkers, leak guard, tshark oracle. */
export {};
