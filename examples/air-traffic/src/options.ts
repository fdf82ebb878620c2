/**
 * Options are what the demo can be told on the command line. A wrong one ends the process with a sentence that says what
 * would have been right, and exit status 1, before anything has started.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { MOST_MEMBERS } from './board.js';
import { RECORDED_FLIGHTS } from './flights.js';

/** What connects the members: processes that share memory, or nothing but this one process. */
export const FABRICS = ['shared-memory', 'in-process'] as const;
export type Fabric = (typeof FABRICS)[number];

export interface DemoOptions {
  readonly flights: number;
  readonly members: number;
  /** Left out: shared memory where it can be used, else in-process. */
  readonly fabric?: Fabric;
  /** Where to write the result as JSON. */
  readonly json?: string;
}

/** Reads the command line; `argv` is `process.argv`. */
export function readOptions(argv: readonly string[]): DemoOptions {
  return new Command('npm run demo --')
    .description(
      'A replicated air-traffic board, fed with recorded US flights of 2001 by all members at once.',
    )
    .option('--flights <number>', 'how many flights', wholeNumber(1, RECORDED_FLIGHTS), RECORDED_FLIGHTS)
    .option('--members <number>', 'how many members', wholeNumber(1, MOST_MEMBERS), 3)
    .addOption(
      new Option(
        '--fabric <name>',
        'processes that share memory, or members in one process; left out, what this machine can',
      ).choices(FABRICS),
    )
    .option('--json <file>', 'also write the result to a file, as JSON')
    .showHelpAfterError('(--help lists the options)')
    .parse(argv)
    .opts<DemoOptions>();
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return text => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}
