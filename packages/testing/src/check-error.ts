/**
 * CheckError says that a run broke a property: which checker saw it, in what world, which observations disagree, and the
 * command that shows the same run again with its time-line.
 */
export interface Violation {
  /** Name of the checker. */
  readonly checker: string;
  readonly seed: number | string;
  /** A command that replays the run. */
  readonly replay: string;
  readonly sentence: string;
  /** The observations that disagree, one line each. */
  readonly lines: readonly string[];
}

export class CheckError extends Error {
  override readonly name = 'CheckError';

  constructor(readonly violation: Violation) {
    const { checker, seed, replay, sentence, lines } = violation;
    const evidence = lines.map(line => `\n    ${line}`).join('');
    super(`${checker}: ${sentence}${evidence}\n  seed ${seed}, replay with\n    ${replay}`);
  }
}
