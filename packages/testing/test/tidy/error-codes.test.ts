/** Every error code has a heading in docs/errors.md, every heading is a code, and every code is thrown somewhere. */
import { ERROR_CODES } from '@bowecho/core';
import { expect } from 'chai';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url));

function allSources(): string {
  return ['core', 'actors', 'testing', 'rdma']
    .flatMap(name =>
      readdirSync(join(ROOT, 'packages', name, 'src'), { recursive: true, encoding: 'utf8' })
        .filter(file => file.endsWith('.ts') && !file.endsWith('errors.ts'))
        .map(file => readFileSync(join(ROOT, 'packages', name, 'src', file), 'utf8')),
    )
    .join('\n');
}

describe('error codes', () => {
  const codes = Object.keys(ERROR_CODES);

  it('are all explained in docs/errors.md, in alphabetical order, and nothing else is', () => {
    const headings = [...readFileSync(join(ROOT, 'docs/errors.md'), 'utf8').matchAll(/^## ([A-Z_]+)$/gm)].map(
      match => match[1]!,
    );
    expect(headings).to.deep.equal([...codes].sort());
  });

  it('are all in use', () => {
    const sources = allSources();
    const errors = readFileSync(join(ROOT, 'packages/actors/src/errors.ts'), 'utf8');
    expect(
      codes.filter(code => !sources.includes(`'${code}'`) && !errors.includes(`'${code}'`)),
    ).to.deep.equal([]);
  });
});
