/**
 * Checker is one property of a run, watched while it runs: the first observation that breaks it ends the run with a
 * `CheckError`. One property per file; a checker counts only when a planted bug trips it (`test/mutants.test.ts`).
 */
import { Observer } from '../observer.js';
import type { World } from '../world.js';

export abstract class Checker extends Observer {
  /** How reports and the mutants' table call it. */
  abstract readonly name: string;

  constructor(protected readonly world: World) {
    super();
  }

  /** Ends the run. */
  protected fail(sentence: string, lines: readonly string[]): never {
    throw this.world.violation(this.name, sentence, lines);
  }
}
