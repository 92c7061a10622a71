/** Real frames in and out: Linux TAP, frames in UDP datagrams. */
export {};
