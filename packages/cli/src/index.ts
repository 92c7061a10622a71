/** The strata command line. */
export {};
