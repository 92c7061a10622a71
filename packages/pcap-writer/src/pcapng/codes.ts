/** Numbers of the pcapng format (draft-ietf-opsawg-pcapng) and link types of the tcpdump registry. */

export const BLOCK_SECTION_HEADER = 0x0a0d0d0a;
export const BLOCK_INTERFACE = 1;
export const BLOCK_OBSOLETE_PACKET = 2;
export const BLOCK_SIMPLE_PACKET = 3;
export const BLOCK_NAMES = 4;
export const BLOCK_STATISTICS = 5;
export const BLOCK_ENHANCED_PACKET = 6;
export const BLOCK_SECRETS = 10;
/** Custom blocks: one that may be copied to another file by who does not know it, one that must not. */
export const BLOCK_CUSTOM = 0xbad;
export const BLOCK_CUSTOM_NO_COPY = 0x40000bad;

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

export const OPTION_END = 0;
export const OPTION_COMMENT = 1;

export const SECTION_HARDWARE = 2;
export const SECTION_OS = 3;
export const SECTION_APPLICATION = 4;

export const INTERFACE_NAME = 2;
export const INTERFACE_DESCRIPTION = 3;
export const INTERFACE_IPV4_ADDRESS = 4;
export const INTERFACE_IPV6_ADDRESS = 5;
export const INTERFACE_MAC_ADDRESS = 6;
export const INTERFACE_SPEED = 8;
export const INTERFACE_TIME_RESOLUTION = 9;
export const INTERFACE_FILTER = 11;
export const INTERFACE_OS = 12;
export const INTERFACE_TIME_OFFSET = 14;
export const INTERFACE_HARDWARE = 15;

export const PACKET_FLAGS = 2;
export const PACKET_HASH = 3;
export const PACKET_DROP_COUNT = 4;
export const PACKET_ID = 5;
export const PACKET_QUEUE = 6;
export const PACKET_VERDICT = 7;

/** epb_flags: bits 0-1 direction, 2-4 reception type, 5-8 length of the frame check sequence, 16-31 link errors. */
export const PACKET_FLAG_INBOUND = 1;
export const PACKET_FLAG_OUTBOUND = 2;
export const PACKET_FLAG_UNICAST = 1 << 2;
export const PACKET_FLAG_MULTICAST = 2 << 2;
export const PACKET_FLAG_BROADCAST = 3 << 2;
export const PACKET_FLAG_PROMISCUOUS = 4 << 2;
export const PACKET_FLAG_CRC_ERROR = 1 << 24;
export const PACKET_FLAG_TOO_LONG = 1 << 25;
export const PACKET_FLAG_TOO_SHORT = 1 << 26;

export const NAME_RECORD_END = 0;
export const NAME_RECORD_IPV4 = 1;
export const NAME_RECORD_IPV6 = 2;

export const STATISTICS_START = 2;
export const STATISTICS_END = 3;
export const STATISTICS_RECEIVED = 4;
export const STATISTICS_DROPPED = 5;
export const STATISTICS_ACCEPTED = 6;
export const STATISTICS_OS_DROPPED = 7;
export const STATISTICS_DELIVERED = 8;

/** `TLSK`: lines in the NSS key log format. */
export const SECRETS_TLS_KEY_LOG = 0x544c534b;

export const LINKTYPE_ETHERNET = 1;
/** IPv4 or IPv6 packets without a link header. */
export const LINKTYPE_RAW = 101;
/** Private use: the meaning is the file's own. */
export const LINKTYPE_USER0 = 147;
