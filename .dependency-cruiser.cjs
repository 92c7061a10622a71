/**
 * The house as rules: who may import whom (docs/architecture.md). Each package lists the packages it stands on; anything
 * else is refused, as are cycles, deep paths into another package, and `node:*` below the edge.
 */
const standsOn = {
  contracts: [],
  wire: ['contracts'],
  packet: ['contracts'],
  time: ['contracts'],
  ethernet: ['contracts', 'wire', 'packet', 'time'],
  attach: ['contracts', 'wire', 'packet', 'time'],
  ip: ['contracts', 'wire', 'packet'],
  udp: ['contracts', 'wire', 'packet'],
  tcp: ['contracts', 'wire', 'packet'],
  dhcp: ['contracts', 'wire', 'udp'],
  dns: ['contracts', 'wire', 'udp'],
  tls: ['contracts', 'wire', 'packet'],
  mqtt: ['contracts', 'packet'],
  'pcap-writer': [],
  dissect: ['contracts', 'wire'],
  stack: [
    'contracts',
    'wire',
    'packet',
    'time',
    'ethernet',
    'ip',
    'udp',
    'tcp',
    'dhcp',
    'dns',
    'tls',
    'mqtt',
    'pcap-writer',
    'dissect',
  ],
  sockets: ['contracts', 'wire', 'packet', 'time', 'tcp', 'udp', 'tls', 'stack'],
  conformance: [
    'contracts',
    'wire',
    'packet',
    'time',
    'ethernet',
    'ip',
    'udp',
    'tcp',
    'mqtt',
    'pcap-writer',
    'dissect',
    'stack',
  ],
  testkit: [
    'contracts',
    'wire',
    'packet',
    'time',
    'ethernet',
    'ip',
    'udp',
    'tcp',
    'tls',
    'mqtt',
    'pcap-writer',
    'dissect',
    'stack',
    'sockets',
  ],
  cli: [
    'contracts',
    'wire',
    'packet',
    'time',
    'ethernet',
    'attach',
    'ip',
    'udp',
    'tcp',
    'dhcp',
    'dns',
    'tls',
    'mqtt',
    'pcap-writer',
    'dissect',
    'stack',
    'sockets',
    'conformance',
  ],
};

/** Only these touch the machine; everything else also runs in a browser. */
const mayUseNode =
  '^packages/(attach|sockets|cli|testkit)/src/|^packages/tls/src/engine-node|^packages/mqtt/src/(node|store-node)|^packages/(pcap-writer|dns)/src/node';

const arrows = Object.entries(standsOn).map(([name, below]) => ({
  name: `floor-${name}`,
  comment: `@strata/${name} may import only ${below.length === 0 ? 'nothing of ours' : below.join(', ')}`,
  severity: 'error',
  from: { path: `^packages/${name}/src/` },
  to: {
    path: '^(packages/|node_modules/@strata/)',
    pathNot: [`^packages/${name}/`, ...below.map((other) => `^(packages|node_modules/@strata)/${other}/`)],
  },
}));

module.exports = {
  forbidden: [
    ...arrows,
    {
      name: 'no-cycles',
      comment: 'judged on the compiled files, in which imports of types are gone: types may name each other',
      severity: 'error',
      from: { path: '^packages/[^/]+/dist/' },
      to: { circular: true },
    },
    {
      name: 'node-only-at-the-edge',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: mayUseNode },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-deep-paths',
      comment: 'another package is entered through its exports only',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src/' },
      to: {
        path: '^packages/[^/]+/(src|dist)/.+',
        pathNot: ['^packages/$1/', '^packages/[^/]+/(src|dist)/(index|node|engine-node|tls)\\.'],
      },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: ['node_modules'] },
    exclude: { path: '(^|/)(test|bench)/|\\.d\\.ts$' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'default'],
      extensions: ['.ts', '.js', '.mjs'],
    },
  },
};
