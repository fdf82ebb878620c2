/** What members take over of the options that Node was started with. */
import { expect } from 'chai';
import { nodeOptionsForMembers } from '../../src/cli/local/node-options.js';

const CASES: readonly (readonly [given: readonly string[], kept: readonly string[]])[] = [
  [[], []],
  [
    ['--enable-source-maps', '--expose-gc', '--max-old-space-size=512'],
    ['--enable-source-maps', '--expose-gc', '--max-old-space-size=512'],
  ],
  [
    ['--import', './register.js', '--conditions', 'dev'],
    ['--import', './register.js', '--conditions', 'dev'],
  ],
  [['--input-type=module', '-e', 'start()', '--no-warnings'], ['--no-warnings']],
  [['--no-warnings', '--eval', '--no-warnings'], ['--no-warnings']],
  [['--eval=start()', '--no-warnings'], ['--no-warnings']],
  [['--watch', '--watch-path', 'src', '--no-warnings'], ['--no-warnings']],
];

describe('the Node options of members', () => {
  for (const [given, kept] of CASES) {
    it(`of [${given.join(' ')}] are [${kept.join(' ')}]`, () => {
      expect(nodeOptionsForMembers(given)).to.deep.equal(kept);
    });
  }
});
