import { describe, expect, test } from '@jest/globals';
import { MemorySink, OrderedPacketQueue, PACKET_FLAG_BROADCAST, PcapngWriter, PcapWriter } from '@strata/pcap-writer';
import { capture, hex, ofKind, read } from './captures.ts';
import { judge, run } from './wireshark.ts';

/** An ARP request, hand-typed: who has 192.0.2.2, tell 192.0.2.1. */
const ARP = hex('ffffffffffff 001122334456 0806 0001 0800 06 04 0001 001122334456 c0000201 000000000000 c0000202');

describe('Wireshark reads what is written', () => {
  const whole = capture(
    { comments: ['seed 42', 'profile netx'], hardware: 'none', os: 'virtual', application: 'strata test' },
    (writer) => {
      writer.addInterface({ name: 'a/eth0<->sw0:p1', description: 'the cable' });
      writer.addInterface({ name: 'faults', timeOffsetSeconds: 1_700_000_000 });
      writer.writeNames([{ address: hex('c0000201'), names: ['device.example'] }]);
      writer.writeTlsKeyLog(`CLIENT_RANDOM ${'00'.repeat(32)} ${'11'.repeat(48)}`);
      writer.writePacket(0, 1_700_000_000_000_000_001n, ARP, {
        comments: ['the first', 'and the second – ümlaut'],
        direction: 'outbound',
        flags: PACKET_FLAG_BROADCAST,
        packetId: 99,
        dropCount: 3,
      });
      writer.writePacket(1, 2.5, ARP.subarray(0, 20), { originalLength: 42, direction: 'inbound' });
      writer.writeStatistics(0, 1_700_000_001_000_000_000n, { received: 1, dropped: 0 });
      writer.writeBlock(0x80000abc, new Uint8Array(12));
    },
  );

  test('every field of a packet', () => {
    const fields = [
      'frame.time_epoch',
      'frame.interface_name',
      'frame.interface_description',
      'frame.comment',
      'frame.packet_flags_direction',
      'frame.packet_flags_reception_type',
      'frame.packet_id',
      'frame.drop_count',
      'frame.len',
      'frame.cap_len',
      'arp.dst.proto_ipv4',
    ];
    const printed = judge('tshark', whole, ['-T', 'fields', '-E', 'separator=|', ...fields.flatMap((f) => ['-e', f])]);
    if (printed === null) return;
    expect(
      printed
        .trimEnd()
        .split('\n')
        .map((line) => line.split('|')),
    ).toEqual([
      [
        '1700000000.000000001',
        'a/eth0<->sw0:p1',
        'the cable',
        'the first,and the second – ümlaut',
        '0x00000002',
        '3',
        '99',
        '3',
        '42',
        '42',
        '192.0.2.2',
      ],
      ['1700000000.000002500', 'faults', '', '', '0x00000001', '0', '', '', '42', '20', ''],
    ]);
  });

  test('section and interfaces', () => {
    const printed = judge('capinfos', whole, []);
    if (printed === null) return;
    expect(printed).toContain('seed 42');
    expect(printed).toMatch(/Capture application:\s+strata test/);
    expect(printed).toMatch(/Capture oper-sys:\s+virtual/);
    expect(printed).toMatch(/Time precision = nanoseconds \(9\)/);
    expect(printed).toMatch(/Number of decryption secrets in file: 1/);
    expect(printed).toMatch(/Number of interfaces in file: 2/);
    expect(printed).toMatch(/Number of resolved IPv4 addresses in file: 1/);
  });

  test('big-endian as well', () => {
    const big = capture({ littleEndian: false }, (writer) => {
      writer.addInterface();
      writer.writePacket(0, 7, ARP, { comments: ['c'], packetId: 5 });
    });
    const printed = judge('tshark', big, [
      '-T',
      'fields',
      '-e',
      'frame.time_epoch',
      '-e',
      'frame.comment',
      '-e',
      'frame.packet_id',
    ]);
    if (printed === null) return;
    expect(printed.trimEnd()).toBe('0.000007000\tc\t5');
  });

  test.each([
    [true, 'microseconds', '1.000002000'],
    [false, 'microseconds', '1.000002000'],
    [true, 'nanoseconds', '1.000002345'],
    [false, 'nanoseconds', '1.000002345'],
  ] as const)('classic pcap, little-endian %p, %s', (littleEndian, resolution, time) => {
    const sink = new MemorySink();
    const writer = new PcapWriter(sink, { littleEndian, resolution });
    writer.writePacket(0, 1_000_002_345n, ARP);
    writer.end();
    const printed = judge('tshark', sink.bytes(), ['-T', 'fields', '-e', 'frame.time_epoch', '-e', 'arp.opcode']);
    if (printed === null) return;
    expect(printed.trimEnd()).toBe(`${time}\t1`);
  });

  test('a capture whose packets were held back until the secrets were known', () => {
    const sink = new MemorySink();
    const writer = new PcapngWriter(sink);
    const queue = new OrderedPacketQueue(writer);
    const link = writer.addInterface();
    queue.hold();
    queue.enter(link, 1, ARP).close();
    writer.writeTlsKeyLog(`CLIENT_RANDOM ${'00'.repeat(32)} ${'11'.repeat(48)}`);
    queue.enter(link, 2, ARP).close();
    queue.release();
    queue.end();
    writer.end();
    const kinds = read(sink.bytes()).map((event) => event.kind);
    expect(kinds).toEqual(['section', 'interface', 'secrets', 'packet', 'packet']);
    const printed = judge('tshark', sink.bytes(), ['-T', 'fields', '-e', 'frame.number']);
    if (printed !== null) expect(printed.trimEnd()).toBe('1\n2');
  });
});

test('what Wireshark writes is read', () => {
  const source = capture({ comments: ['kept'] }, (writer) => {
    writer.addInterface({ name: 'x' });
    writer.writePacket(0, 123_456_789n, ARP, { comments: ['note'] });
  });
  const pcapng = run('editcap', source, ['-F', 'pcapng', '-a', '1:from editcap']);
  if (pcapng !== null) {
    const events = read(pcapng);
    expect(ofKind(events, 'error')).toEqual([]);
    expect(ofKind(events, 'interface')).toMatchObject([{ name: 'x' }]);
    expect(ofKind(events, 'packet')).toMatchObject([
      { time: 123_456_789n, data: ARP, comments: ['note', 'from editcap'] },
    ]);
  }
  const pcap = run('editcap', source, ['-F', 'nsecpcap']);
  if (pcap !== null) expect(ofKind(read(pcap), 'packet')).toMatchObject([{ time: 123_456_789n, data: ARP }]);
});
