/** What a run of mocha counted, in the one line that says so in any language. */

/**
 * @param {string} output what mocha wrote
 * @param {number} status its exit status
 * @returns {string} such as `12 passed, 0 failed, 1 skipped`
 */
export function totalsOf(output, status) {
  const count = word => Number(new RegExp(`^ *(\\d+) ${word}\\b`, 'm').exec(output)?.[1] ?? 0);
  const skipped = count('pending');
  // Mocha may fail without a failed test: when it finds no file, or one that cannot be loaded.
  const failed = status === 0 ? 0 : Math.max(count('failing'), 1);
  return `${count('passing')} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
