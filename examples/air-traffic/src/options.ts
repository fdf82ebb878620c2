/**
 * Options are what the demo can be told on the command line. A wrong one ends the process with a sentence that says what
 * would have been right, and exit status 1, before anything has started.
 */
import { Command, InvalidArgumentError } from 'commander';
import { MOST_MEMBERS } from './board.js';
import { RECORDED_FLIGHTS } from './flights.js';
import { mostKills } from './kill-plan.js';

export interface DemoOptions {
  readonly flights: number;
  readonly members: number;
  /** How many members are killed on the way; left out, one where that can be. */
  readonly kill?: number;
  /** What connects the members; `chooseFabric` of `@bowecho/actors/local` says what it may be, and what it is if left out. */
  readonly fabric?: string;
  /** The address of this machine where members listen; left out, loopback. */
  readonly host?: string;
  /** Where to write the result as JSON. */
  readonly json?: string;
}

/** Reads the command line; `argv` is `process.argv`. */
export function readOptions(argv: readonly string[]): DemoOptions {
  const command = new Command('npm run demo --')
    .description(
      'A replicated air-traffic board, fed with recorded US flights of 2001 by all members at once.',
    )
    .option('--flights <number>', 'how many flights', wholeNumber(1, RECORDED_FLIGHTS), RECORDED_FLIGHTS)
    .option('--members <number>', 'how many members', wholeNumber(1, MOST_MEMBERS), 3)
    .option(
      '--kill <number>',
      'how many members are killed on the way: fewer than half, 0 for none; left out, 1 where that can be',
      wholeNumber(0, mostKills(MOST_MEMBERS)),
    )
    .option(
      '--fabric <name>',
      'what connects the members, in-process for none; left out, what this machine can',
    )
    .option('--host <address>', 'the address of this machine where members listen; left out, loopback')
    .option('--json <file>', 'also write the result to a file, as JSON')
    .showHelpAfterError('(--help lists the options)')
    .parse(argv);
  const options = command.opts<DemoOptions>();
  const { members, kill = 0 } = options;
  if (kill > mostKills(members)) {
    const why = `Of ${members} ${members === 1 ? 'member' : 'members'} more than half must be left, so at most`;
    command.error(
      `error: option '--kill <number>' argument '${kill}' is invalid. ${why} ${mostKills(members)} can be killed.`,
    );
  }
  return options;
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return text => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}
