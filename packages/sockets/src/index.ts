/** net.Socket and net.Server compatible streams on a Strata host. */
export {};
