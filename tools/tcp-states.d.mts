/** Every script, by its path below packages/conformance/scripts/states. */
export function scripts(): Map<string, string>;
