/**
 * The words of these scripts, on standard error, and how long each phase took. A failed phase has its line too: that it took
 * long may be the whole story.
 */

/** @param {string} words */
export function say(words) {
  console.error(`verbs-vm: ${words}`);
}

let current = 'start';

/** The name of the phase that was begun last. */
export function currentPhase() {
  return current;
}

/**
 * @template T
 * @param {string} name
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function phase(name, work) {
  current = name;
  const start = process.hrtime.bigint();
  try {
    return await work();
  } finally {
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    say(`${seconds.toFixed(1).padStart(6)} s  ${name}`);
  }
}
