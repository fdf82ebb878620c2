/**
 * Members run under the Node options of their launcher: what makes the one find its modules or map its stack traces makes
 * the others do so, too. Options that give Node another program than the file must stay behind: a launcher that is
 * itself `node --eval ...` would start launchers without end.
 */

/** Options that say what to run, and how many texts belong to each where the value is not joined by `=`. */
const PROGRAM_OPTIONS: ReadonlyMap<string, number> = new Map([
  ['-e', 2],
  ['--eval', 2],
  ['-p', 2],
  ['-pe', 2],
  ['--print', 2],
  ['--input-type', 2],
  ['-i', 1],
  ['--interactive', 1],
  ['-c', 1],
  ['--check', 1],
  ['--test', 1],
  ['--watch', 1],
  ['--watch-path', 2],
]);

/**
 * `options` without those that name a program.
 *
 * @param options like `process.execArgv`
 * @example
 * nodeOptionsForMembers(['--enable-source-maps', '--eval', '1 + 1']); // ['--enable-source-maps']
 */
export function nodeOptionsForMembers(options: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < options.length; i++) {
    const option = options[i]!;
    const [name] = option.split('=', 1);
    const texts = PROGRAM_OPTIONS.get(name!);
    if (texts === undefined) kept.push(option);
    else if (name === option) i += texts - 1;
  }
  return kept;
}
