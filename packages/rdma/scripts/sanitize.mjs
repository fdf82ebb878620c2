/**
 * Runs the quick tests of this package on an addon that is built with the address and undefined-behaviour sanitizers:
 * `npm run test:sanitize` in the root. Their first finding ends the process that made it, and so fails a test.
 *
 * Leaks are not looked for: at its end Node itself leaves memory to the operating system. What the addon holds is counted by
 * the tests of lifetimes. The tests of the installation are left out, for they build addons of their own.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const VARIANT = 'packages/rdma/build/variants/sanitized';

function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (error !== undefined) console.error(`${command} could not be started: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

/** The sanitizer must be in the process before Node is: the addon comes too late to bring it. */
function sanitizerRuntime() {
  const compiler = process.env.CXX || 'g++';
  const { stdout, error } = spawnSync(compiler, ['-print-file-name=libasan.so'], { encoding: 'utf8' });
  const path = stdout?.trim() ?? '';
  if (error === undefined && path.includes('/')) return path;
  console.error(`${compiler} has no libasan.so, which the sanitized tests need`);
  process.exit(1);
}

const build = ['--variant', 'sanitized', '--strict', '--sanitize', 'address,undefined'];
run(process.execPath, ['packages/rdma/scripts/build.mjs', ...build]);
const tests = [
  'packages/rdma/dist/test/**/*.test.js',
  '--ignore',
  '**/*.slow.test.js',
  '--ignore',
  '**/*.verbs.test.js',
  '--ignore',
  '**/install/**',
];
const mocha = ['node_modules/mocha/bin/mocha.js', '--no-config', '--timeout', '120000'];
run(process.execPath, [...mocha, ...tests], {
  // node-gyp-build looks there first; the name is made of the package's.
  '@BOWECHO/RDMA_PREBUILD': `${ROOT}/${VARIANT}`,
  LD_PRELOAD: sanitizerRuntime(),
  ASAN_OPTIONS: 'detect_leaks=0',
  UBSAN_OPTIONS: 'print_stacktrace=1',
});
