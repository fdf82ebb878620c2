/**
 * Set-up installs and compiles when that is needed, and only then. Each case runs the real script in a folder of its own,
 * between an `npm` and a compiler that do nothing but write down how they were called; so nothing is installed here.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const SET_UP = fileURLToPath(new URL('../../../../scripts/set-up.mjs', import.meta.url));
const COMPILER = 'node_modules/@typescript/native/bin/tsc';
const INSTALLED = 'node_modules/.package-lock.json';
const STAMP = 'node_modules/.bowecho-set-up';

const LONG_AGO = new Date('2020-01-01');
const LATER = new Date('2020-01-02');

/** Writes down its arguments. Asked with --dry it says that all is compiled, unless a file says otherwise. */
const FAKE_COMPILER = `
const { appendFileSync, existsSync } = require('node:fs');
const args = process.argv.slice(2).join(' ');
appendFileSync('calls.txt', 'tsc ' + args + '\\n');
if (args === '-b --dry') console.log("Project 'a' is " + (existsSync('stale.txt') ? 'to be built' : 'up to date') + '\\n');
if (existsSync('broken.txt')) process.exit(3);
`;

const FAKE_NPM = `#!/usr/bin/env node
const { appendFileSync, existsSync, mkdirSync, writeFileSync } = require('node:fs');
const { dirname } = require('node:path');
appendFileSync('calls.txt', 'npm ' + process.argv.slice(2).join(' ') + '\\n');
if (existsSync('offline.txt')) process.exit(7);
mkdirSync(dirname('${COMPILER}'), { recursive: true });
writeFileSync('${COMPILER}', ${JSON.stringify(FAKE_COMPILER)});
writeFileSync('${INSTALLED}', 'installed by npm ci');
`;

class Clone {
  readonly folder = mkdtempSync(join(tmpdir(), 'bowecho-set-up-'));

  constructor() {
    this.write('package-lock.json', 'the lock');
    this.write('bin/npm', FAKE_NPM);
    chmodSync(join(this.folder, 'bin/npm'), 0o755);
    mkdirSync(join(this.folder, 'scripts'));
    cpSync(SET_UP, join(this.folder, 'scripts/set-up.mjs'));
  }

  /** As if `npm ci` had been run by hand. */
  install(): this {
    this.write(COMPILER, FAKE_COMPILER);
    this.write(INSTALLED, 'installed by hand');
    this.setTime('package-lock.json', LONG_AGO);
    this.setTime(INSTALLED, LATER);
    return this;
  }

  write(path: string, text: string): this {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
    return this;
  }

  setTime(path: string, time: Date): this {
    utimesSync(join(this.folder, path), time, time);
    return this;
  }

  /** Runs set-up; `calls` are those of this run, the compiler's question whether anything is to do left out. */
  setUp(env: Record<string, string> = {}): {
    status: number | null;
    out: string;
    err: string;
    calls: string[];
  } {
    rmSync(join(this.folder, 'calls.txt'), { force: true });
    const path = `${join(this.folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(this.folder, 'scripts/set-up.mjs')],
      {
        encoding: 'utf8',
        cwd: tmpdir(),
        env: { ...process.env, BOWECHO_NO_INSTALL: '', ...env, PATH: path },
      },
    );
    const calls = existsSync(join(this.folder, 'calls.txt')) ? this.read('calls.txt').trim().split('\n') : [];
    return { status, out: stdout, err: stderr, calls: calls.filter(call => call !== 'tsc -b --dry') };
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }
}

describe('set-up', () => {
  const clones: Clone[] = [];
  const clone = (): Clone => {
    const made = new Clone();
    clones.push(made);
    return made;
  };
  afterEach(() => {
    for (const { folder } of clones.splice(0)) rmSync(folder, { recursive: true });
  });

  it('installs on a fresh clone, says so, and is silent the second time', () => {
    const fresh = clone();
    const first = fresh.setUp();
    expect(first).to.deep.include({ status: 0, err: '', calls: ['npm ci'] });
    expect(first.out).to.equal('set-up: the npm packages are not installed\n$ npm ci\n');
    expect(fresh.setUp()).to.deep.equal({ status: 0, out: '', err: '', calls: [] });
  });

  it('compiles where the compiler would do something, and shows the command', () => {
    const stale = clone().install().write('stale.txt', '');
    expect(stale.setUp()).to.deep.equal({ status: 0, out: '$ tsc -b\n', err: '', calls: ['tsc -b'] });
  });

  it('takes an installation made by hand for what it is', () => {
    const byHand = clone().install();
    expect(byHand.setUp()).to.deep.equal({ status: 0, out: '', err: '', calls: [] });
    expect(byHand.read(STAMP)).to.match(/^[0-9a-f]{64} [0-9a-f]{64}\n$/);
  });

  it('does not believe the time of a lock that a checkout wrote again', () => {
    const touched = clone().install();
    touched.setUp();
    touched.setTime('package-lock.json', new Date());
    expect(touched.setUp().calls).to.deep.equal([]);
  });

  it('installs again when the lock has changed', () => {
    const changed = clone().install();
    changed.setUp();
    changed.write('package-lock.json', 'another lock');
    const { out, calls } = changed.setUp();
    expect(calls).to.deep.equal(['npm ci']);
    expect(out).to.include('the npm packages are older than package-lock.json');
    expect(changed.setUp().calls).to.deep.equal([]);
  });

  it('installs nothing where that is forbidden, and says what would', () => {
    const fresh = clone();
    expect(fresh.setUp({ BOWECHO_NO_INSTALL: '1' })).to.deep.equal({
      status: 1,
      out: '',
      err: 'set-up: the npm packages are not installed, and BOWECHO_NO_INSTALL=1 forbids installing them; `npm ci` would\n',
      calls: [],
    });
    expect(fresh.install().setUp({ BOWECHO_NO_INSTALL: '1' }).status).to.equal(0);
  });

  it('ends with the status of the step that failed, and names it', () => {
    const offline = clone().write('offline.txt', '').setUp();
    expect(offline).to.deep.include({ status: 7, err: 'set-up: `npm ci` failed (status 7)\n' });
    const broken = clone().install().write('broken.txt', '').setUp();
    expect(broken).to.deep.include({ status: 3, err: 'set-up: `tsc -b` failed (status 3)\n' });
  });
});
