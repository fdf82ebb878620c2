/**
 * Runs a command over real verbs on a machine without an RDMA device: boots Debian's own kernel in qemu, with the files of
 * this machine under an overlay, makes a soft-RoCE device there, and runs the command in the folder of this repository. Its
 * output and its exit status become ours. Without a command, mocha runs the tests over verbs, `*.verbs.test.js`.
 *
 *     node scripts/verbs-vm/run.mjs [--timeout SECONDS] [--processors N] [-- COMMAND...]
 *
 * What is missing on this machine is installed by apt-get; the kernel is fetched once and kept in .cache/verbs-vm. Where
 * qemu cannot be installed, a line says so and the status is 0: nothing was wrong, and nothing was tested. Everything else
 * that keeps the command from running is a failure. What this script itself says goes to standard error: standard output is
 * the command's.
 *
 * The processor is emulated, so nothing here says how fast verbs are.
 */
import { join } from 'node:path';
import { setTimeout } from 'node:timers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { endOnSignals } from './children.mjs';
import { makeInitramfs } from './initramfs.mjs';
import { makeKernel } from './kernel.mjs';
import { Machine } from './machine.mjs';
import { totalsOf } from './mocha-totals.mjs';
import { installPackages } from './packages.mjs';
import { currentPhase, phase, say } from './phase.mjs';
import { Problem } from './problem.mjs';
import { Share } from './share.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CACHE = join(ROOT, '.cache/verbs-vm');
const USAGE = 'usage: node scripts/verbs-vm/run.mjs [--timeout SECONDS] [--processors N] [-- COMMAND...]';
/** The time limit of a test is generous, for the processor is emulated: node alone takes seconds to start. */
const TESTS = [
  process.execPath,
  ...['--enable-source-maps', '--expose-gc', 'node_modules/mocha/bin/mocha.js', '--no-config'],
  ...['--forbid-only', '--timeout', '180000', 'packages/*/dist/test/verbs/**/*.verbs.test.js'],
];
/** Many times what it takes, for a machine that is busy with other things. */
const LONGEST_BOOT_MS = 180_000;

const { seconds, processors, command } = readCommandLine();
/** @type {Machine | undefined} */
let machine;
let isEnding = false;
endOnSignals();
// Whoever read our output is gone, and so is the sense of going on.
process.stdout.on('error', () => process.exit(1));
setTimeout(() => {
  fail(new Problem(`the whole took more than ${seconds} s; --timeout SECONDS allows more`));
}, seconds * 1000);
try {
  end(await run());
} catch (error) {
  fail(error);
}

/** @returns {Promise<number>} our exit status */
async function run() {
  const hindrance = await phase('packages', installPackages);
  if (hindrance !== undefined) {
    console.log(`0 passed, 0 failed, skipped: qemu cannot be installed here (${hindrance})`);
    return 0;
  }
  const kernel = await phase('kernel', () => makeKernel(CACHE));
  const initramfs = await phase('initramfs', () => makeInitramfs(kernel));
  const share = new Share(ROOT, command ?? TESTS);
  machine = new Machine({ kernel, initramfs, processors, share: share.folder });
  await phase('boot', () => machine.until(() => share.times() ?? share.status(), LONGEST_BOOT_MS));
  if (share.times() === undefined) {
    throw new Problem(`soft-RoCE could not be set up in the virtual machine: ${share.output()}`);
  }
  say(`the machine's own clock: ${share.times()}`);
  const status = await phase('command', () => machine.until(() => share.passOutput() ?? share.status()));
  share.passOutput();
  if (command === undefined) console.log(totalsOf(share.output(), status));
  return status;
}

function readCommandLine() {
  try {
    const { values, positionals } = parseArgs({
      options: {
        timeout: { type: 'string', default: '600' },
        processors: { type: 'string' },
      },
      allowPositionals: true,
    });
    const command = positionals.length > 0 ? positionals : undefined;
    // A second one takes longer to boot, and the tests are mostly of several processes.
    values.processors ??= command === undefined ? '2' : '1';
    for (const name of ['timeout', 'processors']) {
      if (!/^[1-9]\d{0,5}$/.test(values[name]))
        throw new Error(`--${name} ${values[name]} is not a number above 0`);
    }
    return {
      seconds: Number(values.timeout),
      processors: Number(values.processors),
      command,
    };
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    return process.exit(2);
  }
}

function fail(error) {
  // One thing that goes wrong brings others about.
  if (isEnding) return;
  say(`failed in the phase '${currentPhase()}': ${wordsOf(error)}`);
  const lines = machine?.lastLines() ?? '';
  if (lines !== '') say(`the last lines of the machine's console:\n${lines}`);
  end(1);
}

/** What the system refuses is said by its message; anything else that is no Problem is a bug, and its stack tells where. */
function wordsOf(error) {
  return error instanceof Problem || error.syscall !== undefined ? error.message : error.stack;
}

/** Ends the virtual machine now, and this process when its output is written: what is in a pipe would be lost otherwise. */
function end(status) {
  isEnding = true;
  const written = new Promise(resolve => process.stdout.write('', resolve));
  void Promise.all([written, machine?.end()]).then(() => process.exit(status));
}
