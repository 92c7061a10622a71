import { describe, expect, test } from '@jest/globals';
import { DROP_ETHERNET_SHORT } from '@strata/contracts';
import {
  checkEthernet,
  describeEthernet,
  describeEtherType,
  EthernetHeader,
  emitEthernet,
  isBroadcastMac,
  isGroupMac,
  parseEthernet,
  VLAN_NONE,
} from '@strata/wire';
import fc from '../../../test/support/laws.ts';

const UNTAGGED = '0200000000020200fffffffe0800';
const TAGGED = 'ffffffffffff0200000000018100a0070806';

const viewOf = (hex: string) => {
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (octet) => Number.parseInt(octet, 16));
  return new DataView(bytes.buffer);
};

describe('the Ethernet header', () => {
  test('an untagged header is read as IEEE 802.3 lays it out', () => {
    const header = new EthernetHeader();
    expect(parseEthernet(viewOf(UNTAGGED), 0, 14, header)).toBe(0);
    expect(header).toMatchObject({
      destinationMsw: 0x0200,
      destinationLsw: 2,
      sourceMsw: 0x0200,
      sourceLsw: -2,
      etherType: 0x0800,
      vlan: VLAN_NONE,
      headerLength: 14,
    });
  });

  test('a tagged header gives the type behind the tag', () => {
    const header = new EthernetHeader();
    expect(parseEthernet(viewOf(TAGGED), 0, 18, header)).toBe(0);
    expect(header).toMatchObject({ etherType: 0x0806, vlan: 7, priority: 5, headerLength: 18, destinationLsw: -1 });
    expect(isBroadcastMac(header.destinationMsw, header.destinationLsw)).toBe(true);
    expect(isGroupMac(header.destinationMsw)).toBe(true);
    expect(isGroupMac(header.sourceMsw)).toBe(false);
  });

  test('a record that is reused forgets the tag of the frame before', () => {
    const header = new EthernetHeader();
    parseEthernet(viewOf(TAGGED), 0, 18, header);
    parseEthernet(viewOf(UNTAGGED), 0, 14, header);
    expect(header).toMatchObject({ vlan: VLAN_NONE, priority: 0, headerLength: 14 });
  });

  test('every truncation is short, judged alike by check and parse', () => {
    for (const [hex, least] of [
      [UNTAGGED, 14],
      [TAGGED, 18],
    ] as const) {
      const view = viewOf(hex);
      for (let length = 0; length <= least; length++) {
        const expected = length < least ? DROP_ETHERNET_SHORT : 0;
        expect(checkEthernet(view, 0, length)).toBe(expected);
        expect(parseEthernet(view, 0, length, new EthernetHeader())).toBe(expected);
      }
    }
  });

  test('what is emitted is read back, and nothing outside is written', () => {
    const mac = fc.record({ msw: fc.integer({ min: 0, max: 0xffff }), lsw: fc.integer() });
    const vlan = fc.integer({ min: VLAN_NONE, max: 4095 });
    fc.assert(
      fc.property(
        mac,
        mac,
        vlan,
        fc.integer({ min: 0, max: 7 }),
        fc.integer({ min: 0x600, max: 0x80ff }),
        (to, from, id, pri, type) => {
          const header = new EthernetHeader();
          Object.assign(header, {
            destinationMsw: to.msw,
            destinationLsw: to.lsw,
            sourceMsw: from.msw,
            sourceLsw: from.lsw,
          });
          Object.assign(header, { vlan: id, etherType: type, priority: id === VLAN_NONE ? 0 : pri });
          header.headerLength = id === VLAN_NONE ? 14 : 18;
          const bytes = new Uint8Array(24).fill(0xee);
          const view = new DataView(bytes.buffer);
          const written = emitEthernet(view, 2, header);
          expect(written).toBe(header.headerLength);
          expect([...bytes.subarray(0, 2), ...bytes.subarray(2 + written)].every((octet) => octet === 0xee)).toBe(true);
          const back = new EthernetHeader();
          expect(parseEthernet(view, 2, written, back)).toBe(0);
          expect(back).toEqual(header);
        },
      ),
    );
  });

  test('is described in one line', () => {
    expect(describeEthernet(viewOf(UNTAGGED), 0, 14)).toBe('02:00:ff:ff:ff:fe > 02:00:00:00:00:02 ipv4');
    expect(describeEthernet(viewOf(TAGGED), 0, 18)).toBe('02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff arp vlan 7 pri 5');
    expect(describeEthernet(viewOf(TAGGED), 0, 17)).toBe('ethernet: truncated header, 17 B');
    expect([0x88cc, 0x05dc, 0x86dd].map(describeEtherType)).toEqual(['0x88cc', 'length 1500', 'ipv6']);
  });
});
