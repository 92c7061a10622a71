/** Contract suites and the layering audit. */
export {};
