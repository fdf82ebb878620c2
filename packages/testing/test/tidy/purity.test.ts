/**
 * Core is pure. The compiler refuses timers, `process`, `Buffer` and `node:*` there (no types, ES2022 alone); this test
 * refuses what ES2022 itself brings: clocks, randomness, promises, weak references, locales. And it holds the layout to
 * its one direction: who may import whom.
 */
import { expect } from 'chai';
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url));

function sourcesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => join(folder, name));
}

/** A source without its comments and texts, with line numbers kept. */
function codeOf(file: string): string {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const blank = (match: string): string => match.replace(/[^\n]/g, ' ');
  return text
    .replace(/\/\*[\s\S]*?\*\//g, blank)
    .replace(/\/\/.*$/gm, blank)
    .replace(/'(?:[^'\\\n]|\\.)*'/g, blank);
}

const IMPURE =
  /\b(Date|Math\.random|Promise|async|await|WeakRef|WeakMap|FinalizationRegistry|Intl|toLocale\w*|globalThis|eval)\b/;

/** Violations of a source, as `file:line: word`. */
function impuritiesOf(file: string, code: string): string[] {
  return code.split('\n').flatMap((line, i) => {
    const found = IMPURE.exec(line);
    return found === null ? [] : [`${file}:${i + 1}: ${found[0]}`];
  });
}

/** What each package may import of the others. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  rdma: ['core'],
  actors: ['core'],
  testing: ['core', 'actors'],
};

describe('tidy', () => {
  it('keeps core free of clocks, randomness and promises', () => {
    expect(sourcesIn('packages/core/src').flatMap(file => impuritiesOf(file, codeOf(file)))).to.deep.equal(
      [],
    );
  });

  it('would notice an impurity', () => {
    for (const line of [
      'const at = Date.now();',
      'if (Math.random() < 0.5) {',
      'async function f() {',
      'new WeakRef(x)',
    ]) {
      expect(impuritiesOf('planted.ts', line), line).to.have.lengthOf(1);
    }
  });

  it('lets packages import one another in one direction only', () => {
    const wrong = Object.entries(ALLOWED).flatMap(([name, allowed]) =>
      sourcesIn(`packages/${name}/src`).flatMap(file => {
        const text = readFileSync(join(ROOT, file), 'utf8');
        const imports = [...text.matchAll(/from '@bowecho\/([a-z]+)'/g)].map(match => match[1]!);
        return imports.filter(other => !allowed.includes(other)).map(other => `${file} imports ${other}`);
      }),
    );
    expect(wrong).to.deep.equal([]);
  });

  it('loads msgpackr by one door', () => {
    const doors = ['packages/core/src', 'packages/actors/src', 'packages/testing/src']
      .flatMap(sourcesIn)
      .filter(file => {
        const values = /^import (?!type)[^;]*from 'msgpackr/m;
        return values.test(readFileSync(join(ROOT, file), 'utf8'));
      });
    expect(doors).to.deep.equal([join('packages/actors/src', 'codec/msgpackr.ts')]);
  });

  it('leaves nothing half done in the sources', () => {
    const marks = new RegExp(
      ['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', '@ts-' + 'ignore', 'eslint-' + 'disable'].join('|'),
    );
    const folders = ['packages', 'examples'].flatMap(top =>
      readdirSync(join(ROOT, top)).flatMap(name =>
        ['src', 'test', 'bench'].map(part => join(top, name, part)).filter(folder => existsAsFolder(folder)),
      ),
    );
    const found = folders
      .flatMap(sourcesIn)
      .filter(file => marks.test(readFileSync(join(ROOT, file), 'utf8')));
    expect(found.map(file => relative('', file))).to.deep.equal([]);
  });
});

function existsAsFolder(folder: string): boolean {
  try {
    return readdirSync(join(ROOT, folder)).length > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
