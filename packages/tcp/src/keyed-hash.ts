/** HalfSipHash-2-4 (Aumasson and Bernstein) of 32-bit words with a 64-bit key: a small pseudo-random function. */
export function halfSipHash(key0: number, key1: number, words: Int32Array): number {
  const v = state;
  v[0] = key0;
  v[1] = key1;
  v[2] = 0x6c796765 ^ key0;
  v[3] = 0x74656462 ^ key1;
  for (const word of words) {
    v[3] = (v[3] as number) ^ word;
    round(v);
    round(v);
    v[0] = (v[0] as number) ^ word;
  }
  const last = (words.length << 2) << 24;
  v[3] = (v[3] as number) ^ last;
  round(v);
  round(v);
  v[0] = (v[0] as number) ^ last;
  v[2] = (v[2] as number) ^ 0xff;
  for (let i = 0; i < 4; i++) round(v);
  return ((v[1] as number) ^ (v[3] as number)) | 0;
}

const state = new Int32Array(4);

function rotate(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

function round(v: Int32Array): void {
  let v0 = v[0] as number;
  let v1 = v[1] as number;
  let v2 = v[2] as number;
  let v3 = v[3] as number;
  v0 = (v0 + v1) | 0;
  v1 = rotate(v1, 5) ^ v0;
  v0 = rotate(v0, 16);
  v2 = (v2 + v3) | 0;
  v3 = rotate(v3, 8) ^ v2;
  v0 = (v0 + v3) | 0;
  v3 = rotate(v3, 7) ^ v0;
  v2 = (v2 + v1) | 0;
  v1 = rotate(v1, 13) ^ v2;
  v2 = rotate(v2, 16);
  v[0] = v0;
  v[1] = v1;
  v[2] = v2;
  v[3] = v3;
}
