/** What `bowecho sim` can be told on the command line. */
import { Option, type Command } from 'commander';
import { LIMITS } from '../../config/limits.js';
import { wholeNumber } from '../whole-number.js';
import { withHelp } from '../with-help.js';

export interface SimOptions {
  /** How many members; left out, as the profile has it. */
  readonly nodes?: number;
  readonly profile: string;
  /** The first seed. */
  readonly seed: number;
  /** How many; left out, `DEFAULT_SEEDS`, or one where its time-line is asked for. */
  readonly seeds?: number;
  /** The file for the world that fails, cut down. */
  readonly shrink?: string;
  /** The file of such a world, which is to be shown. */
  readonly world?: string;
  /** Whether to show what happens. */
  readonly timeline?: boolean;
  readonly json?: boolean;
}

export const DEFAULT_PROFILE = 'faulty';
export const DEFAULT_SEEDS = 1000;
const DEFAULT_SEED = 0;
/** A fault of a link takes two. */
const NODES = { min: 2, max: LIMITS.seeds.max };
const SEED = { min: 0, max: 1e15 };
const SEEDS = { min: 1, max: 1e9 };

const HELP = `
Each seed is a world: a group of members in one thread and in virtual time, over a network that cuts, delays
and loses writes, with messages to send, and checkers that look at every delivery. The members run the
protocol that is shipped, with no actors on them; actors are tried by simulate() of @bowecho/testing.
The first world that breaks a property ends the run. The same seed is the same run, on every machine.

Profiles:
  small    3 members, one set; nothing fails
  mixed    2 to 6 members, several sets, unordered ones and slow members; nothing fails
  large    5 to 9 members, thousands of messages; nothing fails
  faulty   3 members, one set; members crash and stand still, links break, and views change
  hostile  2 to 6 members, several sets; as faulty, and many members leave
  reading  3 to 5 members, one set; as faulty, members that are well are taken for lost, and all of them are read

Exit status:
  0      every world kept every property
  1      one did not, or the command line is wrong, or @bowecho/testing is missing
  130    after Ctrl-C; 128 and the number of any other signal that ended it
  141    nobody reads the output any more

Examples:
  bowecho sim --nodes 5 --seed 7 --seeds 1000
  bowecho sim --profile hostile --seeds 10000 --shrink small.json
  bowecho sim --world small.json                         the world that was shrunk, with its time-line
  bowecho sim --nodes 3 --seed 7 --seeds 1 --timeline    one world, with its time-line`;

/** Adds the command to those of `program`. */
export function addSim(program: Command, sim: (options: SimOptions) => Promise<void>): void {
  withHelp(program.command('sim'))
    .description('Run the protocol in simulated worlds where things fail, under all checkers.')
    .option('--nodes <number>', 'how many members; left out, as the profile has it', wholeNumber(NODES))
    .option('--profile <name>', 'the kind of worlds', DEFAULT_PROFILE)
    .option('--seed <number>', 'the first seed', wholeNumber(SEED), DEFAULT_SEED)
    .option(
      '--seeds <number>',
      `how many; left out, ${DEFAULT_SEEDS}, and 1 with --timeline`,
      wholeNumber(SEEDS),
    )
    .addOption(
      new Option('--timeline', 'show what happens in the one world that is run').conflicts([
        'json',
        'shrink',
      ]),
    )
    .option('--shrink <file>', 'cut the first world that fails down to what it takes, and write it there')
    .addOption(
      new Option('--world <file>', 'show such a world again').conflicts([
        'nodes',
        'profile',
        'seed',
        'seeds',
        'shrink',
        'json',
      ]),
    )
    .option('--json', 'the result as JSON')
    .addHelpText('after', HELP)
    .action((options: SimOptions) => sim(options));
}
