/**
 * Goal: installing never fails, whatever is missing, and what is missing is said: by two lines then, and by the reason of the
 * fabric later. Each case runs the real scripts in a copy of the package, with only those programs that it names.
 */
import { availableFabrics } from '@bowecho/rdma';
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeSharedMemory } from '../describe-shared-memory.js';

const PACKAGE = fileURLToPath(new URL('../../../', import.meta.url));
const CORE = fileURLToPath(new URL('../../../../core/', import.meta.url));
const require = createRequire(import.meta.url);

const ASK = `import { availableFabrics, createFabric, unavailableReason } from '@bowecho/rdma';
  let code; try { createFabric('shared-memory').close(() => {}); } catch (error) { code = error.code; }
  console.log(JSON.stringify([availableFabrics(), unavailableReason('shared-memory') ?? null, code ?? null]));`;

/** The package as npm would lay it out, without anything that was built. */
class Installation {
  readonly root = mkdtempSync(join(tmpdir(), 'bowecho-install-'));
  readonly folder = join(this.root, 'node_modules/@bowecho/rdma');

  constructor() {
    mkdirSync(this.folder, { recursive: true });
    for (const part of ['package.json', 'binding.gyp', 'native', 'scripts', 'dist/src']) {
      cpSync(join(PACKAGE, part), join(this.folder, part), { recursive: true });
    }
    symlinkSync(CORE, join(this.root, 'node_modules/@bowecho/core'));
    for (const name of ['node-addon-api', 'node-gyp-build']) {
      symlinkSync(dirname(require.resolve(`${name}/package.json`)), join(this.root, 'node_modules', name));
    }
  }

  /** Runs the install script with the programs of this PATH. */
  install(
    path = process.env['PATH'] ?? '',
    env: Record<string, string> = {},
  ): { status: number | null; out: string[] } {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/install.mjs'], {
      cwd: this.folder,
      encoding: 'utf8',
      env: { ...process.env, PATH: path, ...env },
    });
    return { status, out: (stdout + stderr).split('\n').filter(line => line !== '') };
  }

  /** What a host is told: the fabrics, the reason, the code. */
  ask(): [string[], string | null, string | null] {
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', ASK], {
      cwd: this.root,
      encoding: 'utf8',
    });
    expect(stderr).to.equal('');
    return JSON.parse(stdout) as [string[], string | null, string | null];
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }
}

describe('installing @bowecho/rdma', () => {
  let installation: Installation;

  beforeEach(() => {
    installation = new Installation();
  });
  afterEach(() => installation.remove());

  it('without a compiler, make and python succeeds, says so in two lines, and the fabric says it again', function () {
    if (process.platform !== 'linux') this.skip();
    const { status, out } = installation.install('/nowhere', { CXX: '', npm_config_node_gyp: '' });
    expect(status).to.equal(0);
    expect(out).to.have.lengthOf(2);
    expect(out[0]).to.match(
      /not built: it needs a C\+\+ compiler \(g\+\+ or clang\+\+\) and make and python3/,
    );
    const [names, reason, code] = installation.ask();
    expect([names, code]).to.deep.equal([[], 'FABRIC_UNAVAILABLE']);
    expect(reason).to.match(
      /^the native addon is not built: it needs a C\+\+ compiler .*`npm rebuild @bowecho\/rdma`/,
    );
  });

  it('with a build that fails succeeds, and keeps the log', function () {
    if (process.platform !== 'linux') this.skip();
    for (const tool of ['g++', 'make', 'python3']) {
      installation.write(`bin/${tool}`, '#!/bin/sh\n');
      chmodSync(join(installation.folder, 'bin', tool), 0o755);
    }
    installation.write('node-gyp.js', "console.error('planted failure'); process.exit(1);");
    const { status, out } = installation.install(join(installation.folder, 'bin'), {
      CXX: '',
      npm_config_node_gyp: join(installation.folder, 'node-gyp.js'),
    });
    expect([status, out.length]).to.deep.equal([0, 2]);
    expect(installation.ask()[1]).to.match(/^the native addon is not built: the compiler or node-gyp failed/);
    expect(readFileSync(join(installation.folder, 'build/failure.txt'), 'utf8')).to.include(
      'planted failure',
    );
  });

  it('with --ignore-scripts has nothing, and the fabric says that', function () {
    if (process.platform !== 'linux') this.skip();
    expect(installation.ask()[1]).to.match(
      /not built, and the package has no binary for .* --ignore-scripts\?/,
    );
  });

  it('with a binary that does not load says what the loader said', function () {
    if (process.platform !== 'linux') this.skip();
    installation.write('build/Release/bowecho.node', 'no binary');
    const [names, reason, code] = installation.ask();
    expect([names, code]).to.deep.equal([[], 'FABRIC_UNAVAILABLE']);
    expect(reason).to.match(/does not load in Node .* on linux-.*(file too short|invalid ELF header)/);
  });
});

describeSharedMemory('the binary of @bowecho/rdma', () => {
  let installation: Installation;

  beforeEach(() => {
    installation = new Installation();
  });
  afterEach(() => installation.remove());

  it('that the package brings is taken, and nothing is built', () => {
    const built = readdirSync(join(PACKAGE, 'build/Release')).find(name => name.endsWith('.node'))!;
    const prebuilds = join(installation.folder, 'prebuilds', `${process.platform}-${process.arch}`);
    mkdirSync(prebuilds, { recursive: true });
    cpSync(join(PACKAGE, 'build/Release', built), join(prebuilds, 'node.napi.node'));
    expect(installation.install('/nowhere')).to.deep.equal({ status: 0, out: [] });
    expect(existsSync(join(installation.folder, 'build'))).to.equal(false);
    expect(installation.ask()).to.deep.equal([availableFabrics(), null, null]);
  });

  it('that the package brings for something else is not taken', () => {
    installation.write(`prebuilds/${process.platform}-${process.arch}/node.napi.node`, 'no binary');
    const { status, out } = installation.install('/nowhere', { CXX: '' });
    expect([status, out.length]).to.deep.equal([0, 2]);
  });
});
