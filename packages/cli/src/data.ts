/** A file that comes with this package. Works from the compiled files and from the bundle, which lie equally deep. */
export function dataFile(name: string): URL {
  return new URL(`../data/${name}`, import.meta.url);
}
