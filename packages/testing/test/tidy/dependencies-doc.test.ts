/** docs/dependencies.md has a reason for everything that a package.json asks for, and for nothing else. */
import { expect } from 'chai';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url));

interface PackageFile {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly overrides?: Record<string, string>;
}

/** All that is asked for from outside, by whichever package. */
function namesAskedFor(): string[] {
  const folders = ['packages', 'examples'].flatMap(top =>
    readdirSync(join(ROOT, top)).map(name => join(top, name)),
  );
  const names = ['', ...folders]
    .map(folder => join(ROOT, folder, 'package.json'))
    .filter(file => existsSync(file))
    .flatMap(file => {
      const { dependencies, devDependencies, overrides } = JSON.parse(
        readFileSync(file, 'utf8'),
      ) as PackageFile;
      return Object.keys({ ...dependencies, ...devDependencies, ...overrides });
    });
  return [...new Set(names)].filter(name => !name.startsWith('@bowecho/')).sort();
}

describe('docs/dependencies.md', () => {
  it('has a row for each dependency, and for nothing else', () => {
    const rows = readFileSync(join(ROOT, 'docs/dependencies.md'), 'utf8')
      .split('\n')
      .filter(line => line.startsWith('| `'));
    const names = rows.flatMap(row => [...row.split('|')[1]!.matchAll(/`([^`]+)`/g)].map(match => match[1]!));
    expect(names.sort()).to.deep.equal(namesAskedFor());
  });
});
