/** Every recorded sequence, by its path below packages/conformance/replays. */
export function sequences(): Map<string, string>;
