/** What `bowecho layout` can be told on the command line. */
import { InvalidArgumentError, type Command } from 'commander';
import { isIntegerWithin, isName, LIMITS, NAME_RULE } from '../../config/limits.js';
import { withHelp } from '../with-help.js';

export interface LayoutOptions {
  readonly file: string;
  /** Ids of the founders, oldest first. */
  readonly nodes: readonly string[];
  /** Ids of those who are lost; empty: nobody. */
  readonly without: readonly string[];
  readonly json: boolean;
}

const HELP = `
The file is run up to its createCluster(), which makes no member and never returns: what it does before that,
it does. What the layout would be follows from its actors and the ids alone; of a group that runs,
cluster.layout() says what it is.

Exit status:
  0      every shard has the replicas that it must have
  1      a group could not be founded so, or would stand still, and why is said; or the command line is wrong

Examples:
  bowecho layout dist/app.js                             three members, n1 to n3
  bowecho layout dist/app.js --nodes 5 --without n2,n4
  bowecho layout dist/app.js --nodes eu1,eu2,us1 --json`;

/** Adds the command to those of `program`. */
export function addLayout(program: Command, layout: (options: LayoutOptions) => Promise<void>): void {
  withHelp(program.command('layout'))
    .description(
      'Say which members of a program would replicate what, and what becomes of it where some are lost.',
    )
    .argument('<file>', 'the JavaScript file that every member runs')
    .option(
      '--nodes <ids>',
      'the founders, oldest first, with commas between; or how many',
      readNodes,
      namesOf(3),
    )
    .option('--without <ids>', 'who is lost then, with commas between', readIds, [])
    .option('--json', 'the same as JSON', false)
    .addHelpText('after', HELP)
    .action((file: string, options: Omit<LayoutOptions, 'file'>) => layout({ file, ...options }));
}

/** As `bowecho run` calls its members. */
function namesOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `n${i + 1}`);
}

function readNodes(text: string): readonly string[] {
  if (!/^\d+$/.test(text)) return readIds(text);
  if (isIntegerWithin(Number(text), LIMITS.seeds)) return namesOf(Number(text));
  throw new InvalidArgumentError(
    `It must be ids, or a number from ${LIMITS.seeds.min} to ${LIMITS.seeds.max}.`,
  );
}

function readIds(text: string): readonly string[] {
  const ids = text.split(',').map(id => id.trim());
  if (!ids.every(isName)) throw new InvalidArgumentError(`Each id must be ${NAME_RULE}.`);
  if (new Set(ids).size < ids.length) throw new InvalidArgumentError('An id is there twice.');
  if (ids.length > LIMITS.seeds.max)
    throw new InvalidArgumentError(`There are more than ${LIMITS.seeds.max}.`);
  return ids;
}
