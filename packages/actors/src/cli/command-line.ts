/**
 * The command line of `bowecho`. A wrong one ends the process with a sentence that says what would have been right, and
 * exit status 1, before anything has started.
 *
 * The options of `run` are taken on both sides of the file, since people write them on both. What stands after the file and
 * is none of them, and all that stands after `--`, belongs to the program. Before the file an unknown option is an error.
 */
import { Command, InvalidArgumentError } from 'commander';
import { LIMITS } from '../config/limits.js';
import { addDoctor, type DoctorOptions } from './doctor/doctor-options.js';
import { DEFAULT_MEMBERS } from './local/local-cluster.js';
import { DEFAULT_GRACE_MS } from './local/local-member.js';
import { addLayout, type LayoutOptions } from './layout/layout-options.js';
import { addMembership, type MembershipOptions } from './membership/membership-options.js';
import { addSim, type SimOptions } from './sim/sim-options.js';
import { version } from './version.js';
import { wholeNumber } from './whole-number.js';
import { withHelp } from './with-help.js';

/** What `bowecho run` is told. */
export interface RunOptions {
  readonly file: string;
  /** Of the program. */
  readonly args: readonly string[];
  readonly members: number;
  readonly fabric?: string;
  /** Where members listen; left out, loopback. */
  readonly host?: string;
  readonly graceMs: number;
}

/** What the commands do. */
export interface Commands {
  run(options: RunOptions): Promise<void>;
  doctor(options: DoctorOptions): Promise<void>;
  sim(options: SimOptions): Promise<void>;
  layout(options: LayoutOptions): Promise<void>;
  membership(options: MembershipOptions): void;
}

/** What commander makes of the options. */
interface ParsedOptions {
  readonly members: number;
  readonly fabric?: string;
  readonly host?: string;
  /** Seconds. */
  readonly grace: number;
}

const LONGEST_GRACE_SECONDS = 3600;

const RUN_HELP = `
Every member is a process of its own that runs the file. createCluster() finds in its environment who it is:
BOWECHO_ID (n1, n2, ...), BOWECHO_LISTEN, BOWECHO_SEEDS, and BOWECHO_FABRIC with --fabric.

The run ends when all members have ended. When one ends badly, by a status other than 0 or a signal, the
others are asked to end, and so they are by Ctrl-C, SIGTERM and SIGHUP. A second Ctrl-C kills them at once.

Fabrics: auto (shared memory between processes of one machine), shared-memory, libfabric (the best provider),
libfabric-verbs, libfabric-efa, libfabric-tcp, libfabric-shm, in-process. What cannot be used here is refused,
and \`bowecho doctor\` says why. Verbs and efa are not on loopback: name the address of their network by --host.
Beyond loopback members share a secret: BOWECHO_SECRET, or one that is made for the run.

Where processes cannot be connected, and with --fabric in-process, all members run in the one process of the
command: the file runs once per member, and shares what it imports. Nothing says which member wrote a line;
signals and exit status are those of one process.

Exit status:
  0      all members ended well: with status 0, or by the SIGTERM that they were sent
  130    after Ctrl-C
  129    after SIGHUP
  141    nobody reads the output any more
  other  the status of the first member that ended badly; 128 and the signal's number if it was a signal

Examples:
  bowecho run dist/app.js
  bowecho run dist/app.js --fabric libfabric-tcp      over TCP, as between machines
  bowecho run dist/app.js --fabric libfabric-verbs --host 10.77.0.1
  bowecho run dist/app.js --members 5 --port 8080     the program gets --port 8080
  bowecho run dist/app.js -- --members 5              the program gets --members 5`;

/**
 * Reads the command line and has it done.
 *
 * @param argv like `process.argv`
 * @param commands does what was said
 */
export async function readCommandLine(argv: readonly string[], commands: Commands): Promise<void> {
  const program = withHelp(new Command('bowecho'))
    .description(
      'Replicated actors: starts clusters, says what a machine has for them, and tries the protocol in simulated worlds.',
    )
    .version(version(), '--version', 'say which version this is')
    .enablePositionalOptions();
  withRunOptions(program.command('run'))
    .description('Start a local cluster of a program: one process per member, with merged output.')
    .argument('<file>', 'the JavaScript file that every member runs')
    .argument('[args...]', "the program's own arguments")
    .passThroughOptions()
    .addHelpText('after', RUN_HELP)
    .action(async (file: string, rest: string[], before: ParsedOptions, command: Command) => {
      const { options, args } = readAfterFile(rest, before, command);
      const { grace, ...others } = options;
      await commands.run({ ...others, file, args, graceMs: Math.round(grace * 1000) });
    });
  addDoctor(program, commands.doctor);
  addSim(program, commands.sim);
  addLayout(program, commands.layout);
  addMembership(program, commands.membership);
  await program.parseAsync(argv);
}

function withRunOptions(command: Command): Command {
  return withHelp(command)
    .option('--members <number>', 'how many members', wholeNumber(LIMITS.seeds), DEFAULT_MEMBERS)
    .option('--fabric <name>', 'what carries the bytes; left out, the program or Bowecho decides')
    .option('--host <address>', 'the address of this machine where members listen; left out, loopback')
    .option(
      '--grace <seconds>',
      'how long a member may take to end before it is killed',
      readGrace,
      DEFAULT_GRACE_MS / 1000,
    );
}

/** Takes our options from behind the file, over those before it, and leaves the program's arguments as they stand. */
function readAfterFile(
  rest: readonly string[],
  before: ParsedOptions,
  command: Command,
): { options: ParsedOptions; args: string[] } {
  const end = rest.indexOf('--');
  const ours = end < 0 ? rest : rest.slice(0, end);
  if (ours.includes('--help') || ours.includes('-h')) command.help();
  const after = withRunOptions(new Command('run'));
  const { operands, unknown } = after.parseOptions([...ours]);
  const given = Object.entries(after.opts()).filter(([name]) => after.getOptionValueSource(name) === 'cli');
  return {
    options: { ...before, ...Object.fromEntries(given) },
    args: [...operands, ...unknown, ...(end < 0 ? [] : rest.slice(end + 1))],
  };
}

function readGrace(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (value <= LONGEST_GRACE_SECONDS) return value;
  throw new InvalidArgumentError(`It must be a number of seconds from 0 to ${LONGEST_GRACE_SECONDS}.`);
}
