/** What `bowecho membership` can be told on the command line. */
import type { Command } from 'commander';
import { withHelp } from '../with-help.js';

export interface MembershipOptions {
  /** Whether to draw the machine in the place of the table. */
  readonly diagram?: boolean;
}

const HELP = `
They are what a cluster's event 'state' tells, and what the time-lines of \`bowecho sim\` show. The diagram
is for whatever reads Mermaid, GitHub and many editors among them.

Examples:
  bowecho membership
  bowecho membership --diagram > membership.mmd`;

/** Adds the command to those of `program`. */
export function addMembership(program: Command, membership: (options: MembershipOptions) => void): void {
  withHelp(program.command('membership'))
    .description('Say which states a member goes through, and what each of them means.')
    .option('--diagram', 'draw the states and the events between them, as Mermaid')
    .addHelpText('after', HELP)
    .action((options: MembershipOptions) => membership(options));
}
