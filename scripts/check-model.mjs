/**
 * Checks the model of the view change, docs/model/view-change.pml, with Spin: the rules as they are must hold in every state
 * of some small worlds, and each bug that the model can plant must break the property that is named here. A checker that
 * finds no planted bug proves nothing, so a bug that is not found is a failure.
 *
 *     node scripts/check-model.mjs [--only WORDS] [--whole]
 *
 * With `--whole` the largest world is visited, too, which takes minutes.
 *
 * As many runs go side by side as there are processors, at most two, because each may take up to 2.5 GB. A run prints one
 * line; the last line is `N passed, N failed`. Spin is a package of Debian and is installed where it is missing and can be.
 * Where it cannot, a line says so and the status is 0: nothing was wrong, and nothing was checked.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const MODEL = fileURLToPath(new URL('../docs/model/view-change.pml', import.meta.url));
/** A run that has not ended by then is a failure. Many times what it takes. */
const LONGEST_MS = 200_000;
const LONGEST_INSTALLATION_MS = 180_000;
const MEGABYTES = 2500;
/** The comment above an `assert` of the model names its property. */
const PROPERTIES = ['one record', 'kept majority', 'uniform', 'trim held', 'not stuck'];

/**
 * @typedef {object} Run
 * @property {string} name
 * @property {readonly string[]} macros of the model
 * @property {boolean} [isLong] left out without `--whole`
 * @property {string} [breaks] the property that must break; without it none may
 */

/**
 * @param {number} crashes
 * @param {number} suspicions
 * @param {number} duels
 * @returns {string[]}
 */
function world(crashes, suspicions, duels) {
  return [`CRASHES=${crashes}`, `SUSPICIONS=${suspicions}`, `DUELS=${duels}`];
}

const FOUR = ['N=4', 'FRAMES=0'];

/** The longest first, so that both processors are busy to the end. @type {readonly Run[]} */
const RUNS = [
  { name: 'as it is: a death, a false suspicion, a duel', macros: world(1, 1, 1), isLong: true },
  { name: 'as it is: a false suspicion, a duel', macros: world(0, 1, 1) },
  { name: 'as it is: the youngest sends', macros: [...world(1, 1, 0), 'SENDER=2'] },
  { name: 'as it is: two frames', macros: [...world(0, 1, 0), 'FRAMES=2'] },
  { name: 'as it is: record and ballot land apart', macros: [...world(0, 1, 0), 'SPLIT'] },
  { name: 'as it is: who suspects wedges later', macros: [...world(0, 1, 0), 'SLOW_WEDGE'] },
  { name: 'as it is: a death, a false suspicion', macros: world(1, 1, 0) },
  bug('WEDGED_BEFORE_FINALS', world(0, 1, 0), 'uniform'),
  bug('TRIM_MAXIMUM', world(0, 1, 0), 'trim held'),
  bug('TRIM_OWN', world(0, 1, 0), 'trim held'),
  bug('TRIM_OF_ALL', world(0, 1, 0), 'uniform'),
  bug('TRIM_SHARD_TABLE', [...world(0, 1, 0), 'KEEPS_SHARD_TABLE'], 'uniform'),
  bug('ACKNOWLEDGES_WEDGED', world(0, 1, 0), 'uniform'),
  bug('DELIVERS_UNSTABLE', world(0, 1, 0), 'uniform'),
  bug('NO_WAIT_FOR_WEDGE', world(0, 1, 0), 'uniform'),
  bug('OWN_SUSPICIONS_LAST', world(1, 0, 0), 'not stuck'),
  bug('ONLY_LOWEST_PROPOSES', world(0, 1, 0), 'not stuck'),
  bug('HALF', [...world(0, 1, 1), ...FOUR], 'one record'),
  bug('MAJORITY_OF_KEPT', [...world(0, 1, 1), ...FOUR], 'one record'),
  bug('NO_TAKEOVER', world(0, 1, 1), 'one record'),
  bug('RECORD_CHANGES', world(1, 1, 0), 'one record'),
  bug('FOREIGN_BALLOT', world(0, 1, 0), 'one record'),
  bug('PROMISE_BEFORE_ACCEPTED', world(0, 1, 1), 'one record'),
  bug('BREAKS_PROMISE', world(0, 1, 1), 'one record'),
  bug('BALLOT_BEFORE_RECORD', [...world(0, 1, 0), 'SPLIT', 'BUG_BALLOT_UNCHECKED'], 'one record'),
  bug('ACTED_IS_DEAF', world(1, 1, 1), 'not stuck'),
  bug('LEFT_OUT_IS_DEAF', world(1, 1, 1), 'not stuck'),
];

const failures = await main();
process.exitCode = failures === 0 ? 0 : 1;

/** @returns {Promise<number>} */
async function main() {
  const { values } = parseArgs({
    options: { only: { type: 'string', default: '' }, whole: { type: 'boolean', default: false } },
  });
  const runs = RUNS.filter(each => each.name.includes(values.only) && (values.whole || !each.isLong));
  const hindrance = await whyNoSpin();
  if (hindrance !== undefined) {
    console.log(`0 passed, 0 failed, skipped: Spin cannot be had here (${hindrance})`);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'bowecho-model-'));
  let failed = 0;
  try {
    const waiting = [...runs.entries()];
    const worker = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        if (!(await check(next[1], join(folder, String(next[0]))))) failed++;
      }
    };
    await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`${runs.length - failed} passed, ${failed} failed`);
  return failed;
}

/**
 * @param {string} name
 * @param {readonly string[]} macros
 * @param {string} property
 * @returns {Run}
 */
function bug(name, macros, property) {
  return { name: `planted: ${name}`, macros: [`BUG_${name}`, ...macros], breaks: property };
}

/**
 * Generates, compiles and runs one checker, and prints its line.
 *
 * @param {Run} run
 * @param {string} folder that it may make, for itself alone
 * @returns {Promise<boolean>} whether it came out as it must
 */
async function check(run, folder) {
  const macros = run.macros.map(each => `-D${each}`);
  const started = performance.now();
  try {
    mkdirSync(folder);
    copyFileSync(MODEL, join(folder, 'view-change.pml'));
    await must('spin', ['-a', ...macros, 'view-change.pml'], folder);
    await must(
      'gcc',
      ['-O2', '-w', '-DSAFETY', '-DCOLLAPSE', `-DMEMLIM=${MEGABYTES}`, '-o', 'pan', 'pan.c'],
      folder,
    );
    const output = await must('./pan', ['-m200000', '-w23'], folder);
    const states = /(\d+) states, stored/.exec(output)?.[1];
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    if (states === undefined || /max search depth too small|out of memory|reached -DMEMLIM/.test(output)) {
      throw new Error(`the search is not complete: ${output}`);
    }
    const broken = brokenProperty(output);
    const good = broken === run.breaks;
    const says = broken === undefined ? 'all hold' : `breaks "${broken}"`;
    const expected = run.breaks === undefined ? 'nothing may break' : `must break "${run.breaks}"`;
    console.log(
      `${good ? 'ok  ' : 'FAIL'} ${run.name}: ${says}; ${states} states, ${seconds} s${good ? '' : `; ${expected}`}`,
    );
    if (!good && broken !== undefined) {
      const trail = await must('spin', ['-t', '-B', '-T', ...macros, 'view-change.pml'], folder);
      console.log(trail.replaceAll(/^/gm, '     '));
    }
    return good;
  } catch (error) {
    console.log(`FAIL ${run.name}: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The property whose assertion did not hold. Spin prints the condition with all macros expanded, so it is told by what only
 * that condition reads.
 *
 * @param {string} output of the checker
 * @returns {string | undefined} undefined if all held
 */
function brokenProperty(output) {
  const condition = /pan:\d+: (.*) \(at depth \d+\)/.exec(output)?.[1];
  if (condition === undefined) {
    if (/errors: 0/.test(output)) return undefined;
    throw new Error(`an error that is no assertion: ${output}`);
  }
  if (condition.includes('decided==best')) return 'one record';
  if (condition.includes('delivered[')) return 'uniform';
  if (condition.includes('received[')) return 'trim held';
  if (condition.includes('ended')) return 'not stuck';
  if (condition.includes('best')) return 'kept majority';
  throw new Error(`an assertion without a name (${PROPERTIES.join(', ')}): ${condition}`);
}

/** @returns {Promise<string | undefined>} why there is no Spin here, if so */
async function whyNoSpin() {
  if (await isThere('spin')) return (await isThere('gcc')) ? undefined : 'there is no gcc';
  if (process.platform !== 'linux' || !existsSync('/usr/bin/apt-get')) return 'there is no apt-get';
  if (process.getuid?.() !== 0) return 'only root can install packages: apt-get install spin';
  const install = ['install', '-q', '-y', '--no-install-recommends', '--no-remove', 'spin'];
  try {
    await aptGet(install);
  } catch {
    // The index of the machine may be absent or too old.
    try {
      await aptGet(['update', '-q']);
      await aptGet(install);
    } catch (error) {
      return (error instanceof Error ? error.message : String(error)).trim().replaceAll(/\s*\n\s*/g, '; ');
    }
  }
  return (await isThere('gcc')) ? undefined : 'there is no gcc';
}

/** @param {string} program */
async function isThere(program) {
  // `command` is a shell's own, and says by its status whether there is one.
  return must('sh', ['-c', `command -v ${program}`], tmpdir()).then(
    () => true,
    () => false,
  );
}

/** @param {readonly string[]} args */
async function aptGet(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  await must('apt-get', args, tmpdir(), { env, timeout: LONGEST_INSTALLATION_MS });
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {string} cwd
 * @param {object} [options] of `execFile`
 * @returns {Promise<string>} what it printed
 * @throws Error if it did not end with status 0, with what it printed
 */
function must(program, args, cwd, options) {
  const settings = { cwd, timeout: LONGEST_MS, maxBuffer: 64 << 20, ...options };
  return new Promise((resolve, reject) => {
    execFile(program, args, settings, (error, stdout, stderr) => {
      if (error === null) resolve(String(stdout));
      else
        reject(
          new Error(
            `${error.killed ? 'took too long: ' : ''}${error.message}\n${stdout}${stderr}`.slice(0, 4000),
          ),
        );
    });
  });
}
