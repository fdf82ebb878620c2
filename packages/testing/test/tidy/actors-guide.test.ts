/** Every code block of docs/actors.md is part of a test that compiles and runs, whatever its indentation. */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url));

/** One space where any white space was: the guide's blocks stand further left than the test's. */
function normalized(code: string): string {
  return code.trim().replace(/\s+/g, ' ');
}

function codeBlocks(text: string): string[] {
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(match => normalized(match[1]!));
}

describe('docs/actors.md', () => {
  const guide = readFileSync(join(ROOT, 'docs/actors.md'), 'utf8');
  const running = normalized(
    readFileSync(join(ROOT, 'packages/testing/test/docs/actors-guide.test.ts'), 'utf8'),
  );

  it('shows only code that runs', () => {
    const blocks = codeBlocks(guide);
    expect(blocks).to.have.lengthOf.above(10);
    expect(blocks.filter(block => !running.includes(block))).to.deep.equal([]);
  });

  it('would notice code that does not', () => {
    const [block] = codeBlocks('```ts\nawait office.sell(\n  1);\n```\n');
    expect(block).to.equal('await office.sell( 1);');
    expect(running).not.to.include(block);
  });
});
