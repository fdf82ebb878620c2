/**
 * How every command of `bowecho` explains itself: by --help, and by a hint at it behind each complaint about the command
 * line.
 */
import type { Command } from 'commander';

const HINT = '(--help lists the options)';

/** Gives the command both, and returns it. */
export function withHelp(command: Command): Command {
  return command.helpOption('-h, --help', 'say how it is used').showHelpAfterError(HINT);
}
