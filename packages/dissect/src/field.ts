/** What a field holds, for programs. */
export type FieldValue = number | bigint | string | boolean | null;

/**
 * - `truncated`: the bytes end before the header or the data does
 * - `checksum`: a checksum does not fit
 * - `malformed`: against the protocol's rules
 * - `unusual`: allowed and noteworthy
 */
export type ProblemKind = 'truncated' | 'checksum' | 'malformed' | 'unusual';

export interface Problem {
  readonly kind: ProblemKind;
  readonly text: string;
}

/** A part of a frame that has a name: a header field, an option, a message. */
export class Field {
  readonly name: string;
  readonly value: FieldValue;
  /** The value as a person would write it. */
  text: string;
  /** Where it is in the bytes dissected, and how many bytes it touches. */
  readonly offset: number;
  length: number;
  /** Where it is specified, such as `RFC 9293 3.1`; null when its parent's reference is enough. */
  readonly reference: string | null;
  readonly children: Field[];
  readonly problems: Problem[];

  constructor(
    name: string,
    offset: number,
    length: number,
    value: FieldValue,
    text: string = String(value ?? ''),
    reference: string | null = null,
  ) {
    this.name = name;
    this.value = value;
    this.text = text;
    this.offset = offset;
    this.length = length;
    this.reference = reference;
    this.children = [];
    this.problems = [];
  }

  /** Adds a field inside this one and returns it. */
  add(
    name: string,
    offset: number,
    length: number,
    value: FieldValue,
    text?: string,
    reference: string | null = null,
  ): Field {
    const field = new Field(name, offset, length, value, text, reference);
    this.children.push(field);
    return field;
  }

  problem(kind: ProblemKind, text: string): void {
    this.problems.push({ kind, text });
  }

  /** The first field of this name inside this one, at any depth; null when there is none. */
  find(name: string): Field | null {
    for (const child of this.children) {
      if (child.name === name) return child;
      const deeper = child.find(name);
      if (deeper !== null) return deeper;
    }
    return null;
  }

  /** The value of the first field of this name inside this one; undefined when there is none. */
  valueOf(name: string): FieldValue | undefined {
    return this.find(name)?.value;
  }
}

/** A protocol this package knows by name. */
export type Protocol =
  | 'ethernet'
  | 'vlan'
  | 'arp'
  | 'ipv4'
  | 'ipv6'
  | 'icmpv4'
  | 'icmpv6'
  | 'igmp'
  | 'udp'
  | 'tcp'
  | 'mqtt'
  | 'tls'
  | 'dns'
  | 'dhcp'
  | 'data';

/** One protocol's part of a frame. */
export class Layer extends Field {
  readonly protocol: Protocol;
  /** The frame in one line, as this layer sees it. */
  summary: string;

  constructor(protocol: Protocol, name: string, offset: number, length: number, reference: string | null) {
    super(name, offset, length, null, '', reference);
    this.protocol = protocol;
    this.summary = name;
  }
}

/** Everything that is wrong with a field and the fields inside it. */
export function problemsOf(field: Field): Problem[] {
  return [...field.problems, ...field.children.flatMap(problemsOf)];
}
