import Sequencer from '@jest/test-sequencer';

/** Tests that start programs take longest, and no worker shall be left alone with one at the end: they come first. */
export default class ProgramsFirst extends Sequencer {
  sort(tests) {
    return [...super.sort(tests)].sort((a, b) => rank(a) - rank(b));
  }
}

function rank({ path, context }) {
  const folder = path.slice(context.config.rootDir.length + 1).replaceAll('\\', '/');
  return folder.startsWith('test/') ? 0 : folder.startsWith('packages/cli/') ? 1 : 2;
}
