/** What is said of a file that cannot be run, before anything is started. */
import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { problemOfProgram } from '../../src/cli/program-file.js';
import { Programs } from './programs.js';

describe('the file of bowecho run', () => {
  const programs = new Programs();
  const inFolder = (...names: string[]): string => join(programs.folder, ...names);
  after(() => programs.remove());
  before(() => {
    for (const folder of ['beside', 'flat/src', 'flat/dist', 'deep/src/bin', 'deep/build/src/bin', 'none']) {
      mkdirSync(inFolder(folder), { recursive: true });
    }
    for (const file of [
      'app.js',
      'beside/app.js',
      'flat/dist/app.js',
      'flat/dist/module.mjs',
      'deep/build/src/bin/app.js',
    ]) {
      programs.add(file, '');
    }
  });

  it('is fine if it is a file', () => {
    expect(problemOfProgram(inFolder('app.js'))).to.equal(undefined);
  });

  it('must be there, and no folder', () => {
    const missing = inFolder('nope.js');
    expect(problemOfProgram(missing)).to.equal(`there is no file '${missing}' (looked for ${missing})`);
    expect(problemOfProgram(programs.folder)).to.match(/is not a file/);
  });

  const compiled: readonly (readonly [source: string, found: string])[] = [
    ['beside/app.ts', 'beside/app.js'],
    ['flat/src/app.tsx', 'flat/dist/app.js'],
    ['flat/src/module.mts', 'flat/dist/module.mjs'],
    ['deep/src/bin/app.ts', 'deep/build/src/bin/app.js'],
  ];
  for (const [source, found] of compiled) {
    it(`is not ${source}, and it is said that ${found} is`, () => {
      const sentence = problemOfProgram(inFolder(source));
      expect(sentence).to.match(/is TypeScript: compile it with tsc first/);
      expect(sentence).to.include(`then run ${relative(process.cwd(), inFolder(found))}`);
    });
  }

  it('is no TypeScript, compiled or not', () => {
    expect(problemOfProgram(inFolder('none/app.ts'))).to.match(/"outDir" of your tsconfig/);
  });
});
