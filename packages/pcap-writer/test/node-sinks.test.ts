import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { PcapngWriter } from '@strata/pcap-writer';
import { FileSink, StreamSink } from '@strata/pcap-writer/node';
import { capture, toHex } from './captures.ts';

function write(writer: PcapngWriter): void {
  writer.addInterface({ name: 'a' });
  for (let i = 0; i < 2000; i++) writer.writePacket(0, i, new Uint8Array(100));
}

describe('a file', () => {
  test('holds what a memory sink would', () => {
    const folder = mkdtempSync(join(tmpdir(), 'strata-sink-'));
    try {
      const path = join(folder, 'a.pcapng');
      const writer = new PcapngWriter(new FileSink(path));
      write(writer);
      writer.end();
      expect(toHex(readFileSync(path))).toBe(toHex(capture({}, write)));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('that cannot be created throws at once', () => {
    expect(() => new FileSink('/nonexistent-folder/a.pcapng')).toThrow('ENOENT');
  });
});

describe('a stream', () => {
  test('gets each packet as it is written', async () => {
    const stream = new PassThrough();
    const writer = new PcapngWriter(new StreamSink(stream));
    writer.addInterface();
    expect(stream.readableLength).toBe(60);
    writer.writePacket(0, 0, new Uint8Array(4));
    expect(stream.readableLength).toBe(96);
    await writer.end();
    expect(stream.writableEnded).toBe(false);
  });

  test('that fails with EPIPE is dropped quietly', async () => {
    const stream = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    const told: Error[] = [];
    const sink = new StreamSink(stream, (error) => told.push(error));
    const writer = new PcapngWriter(sink);
    writer.addInterface();
    await writer.end();
    expect(sink.broken).toBe(true);
    expect(told.map((error) => error.message)).toEqual(['write EPIPE']);
  });

  test('whose reader went away is dropped quietly', async () => {
    const reader = spawn('head', ['-c', '4'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const gone = new Promise((resolve) => reader.once('exit', resolve));
    const told: Error[] = [];
    const sink = new StreamSink(reader.stdin, (error) => told.push(error));
    const writer = new PcapngWriter(sink);
    await gone;
    write(writer);
    await writer.end();
    expect(sink.broken).toBe(true);
    expect(told.length).toBe(1);
    await new PcapngWriter(sink).end();
  });
});
