/** The README's example is the file that runs, letter by letter; and the README stays short. */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url));
const MOST_LINES = 120;
const MOST_EXAMPLE_LINES = 30;

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

describe('README.md', () => {
  it('shows examples/counter/src/main.ts as it is', () => {
    const blocks = [...read('README.md').matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(match => match[1]!);
    expect(blocks).to.deep.equal([read('examples/counter/src/main.ts')]);
    expect(blocks[0]!.trimEnd().split('\n')).to.have.lengthOf.at.most(MOST_EXAMPLE_LINES);
  });

  it(`has less than ${MOST_LINES} lines`, () => {
    expect(read('README.md').trimEnd().split('\n')).to.have.lengthOf.below(MOST_LINES);
  });

  it('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...read('README.md').matchAll(/`npm (?:run )?([a-z:-]+)`/g)].map(match => match[1]!);
    expect(named).to.include.members(['demo', 'test']);
    expect(Object.keys(scripts)).to.include.members(named);
  });
});
