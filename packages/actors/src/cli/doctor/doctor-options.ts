/** What `bowecho doctor` can be told on the command line. */
import { InvalidArgumentError, type Command } from 'commander';
import { withHelp } from '../with-help.js';

export interface DoctorOptions {
  /** The address to look at; left out, one that leads out of this machine. */
  readonly host?: string;
  /** The fabrics to look at; left out, all between processes. */
  readonly fabric?: readonly string[];
  /** Whether fabrics are tried, too. */
  readonly probe: boolean;
  /** How long each of the two measurements of a probe takes. */
  readonly seconds: number;
  readonly json: boolean;
}

const LEAST_SECONDS = 0.01;
const MOST_SECONDS = 60;
const DEFAULT_SECONDS = 0.2;

const HELP = `
Each fabric that can be used is tried by two processes of this machine: 8 bytes there and back, then blocks
of 1 MiB one way, as fast as they go, without any of the protocol. Other machines are not contacted.
auto and libfabric stand for others and are not tried beside them, unless they are named.

Exit status:
  0      something between processes can be used; where it was tried, it worked
  1      nothing can, or the command line is wrong
  130    after Ctrl-C; 128 and the number of any other signal that ended it

Examples:
  bowecho doctor
  bowecho doctor --host 10.77.0.1 --fabric libfabric-verbs --seconds 2
  bowecho doctor --json --no-probe`;

/** Adds the command to those of `program`. */
export function addDoctor(program: Command, doctor: (options: DoctorOptions) => Promise<void>): void {
  withHelp(program.command('doctor'))
    .description(
      'Say what this machine has to connect processes by, how fast that is, and what would give more.',
    )
    .option(
      '--host <address>',
      'the address of this machine to look at; left out, the first that leads out of it',
    )
    .option('--fabric <names...>', 'look at these alone')
    .option('--no-probe', 'only look, try nothing')
    .option('--seconds <seconds>', 'how long each measurement takes', readSeconds, DEFAULT_SECONDS)
    .option('--json', 'the same as JSON', false)
    .addHelpText('after', HELP)
    .action((options: DoctorOptions) => doctor(options));
}

function readSeconds(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (value >= LEAST_SECONDS && value <= MOST_SECONDS) return value;
  throw new InvalidArgumentError(`It must be a number of seconds from ${LEAST_SECONDS} to ${MOST_SECONDS}.`);
}
