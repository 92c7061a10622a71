/** Tests run from the TypeScript sources; `@strata/<name>` maps to that package's source so that classes have one identity. */
export default {
  testEnvironment: 'node',
  // Tests that start programs share two cores with everything else; a test that hangs still ends.
  testTimeout: 60_000,
  // Modules of finished test files are not given back, and a worker that is full of them gets slower and slower: each is
  // replaced after its file, which costs less.
  workerIdleMemoryLimit: '100MB',
  testSequencer: '<rootDir>/test/support/programs-first.mjs',
  testEnvironmentOptions: { globalsCleanup: 'off' },
  extensionsToTreatAsEsm: ['.ts'],
  testMatch: ['<rootDir>/packages/*/test/**/*.test.ts', '<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/packages/[^/]+/dist/'],
  moduleNameMapper: {
    '^@strata/([^/]+)$': '<rootDir>/packages/$1/src/index.ts',
    '^@strata/([^/]+)/(.+)$': '<rootDir>/packages/$1/src/$2.ts',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' }, transform: { useDefineForClassFields: false } },
        module: { type: 'es6' },
      },
    ],
  },
};
