/**
 * A network of one's own, for cuts: the conductor runs itself once more as root of a user namespace with an empty network. The
 * rights that this gives reach no further than that network.
 */
import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { dieWithParent } from './node-wrapper.js';

/** Set for the conductor that runs inside. */
const INSIDE = 'BOWECHO_SOAK_OWN_NETWORK';

/** Commands that a network of one's own is made with, each with a harmless use. */
const COMMANDS = [
  ['unshare', '--user', '--map-root-user', '--net', 'true'],
  ['nsenter', '--version'],
  ['ip', '-Version'],
  ['nft', '--version'],
] as const;

export function isInOwnNetwork(): boolean {
  return process.env[INSIDE] === '1';
}

/** Why there can be none here, in words; undefined if there can. */
export function ownNetworkProblem(): string | undefined {
  for (const [command, ...args] of COMMANDS) {
    const { error, status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    if (error !== undefined) return `the command ${command} cannot be started (${error.message})`;
    if (status !== 0) return `\`${command} ${args.join(' ')}\` says: ${stderr.trim()}`;
  }
  return undefined;
}

/** Runs this program inside, with its arguments, to its end. SIGINT and SIGTERM are handed on. @returns its exit status */
export async function runInOwnNetwork(): Promise<number> {
  const program = [...dieWithParent(), process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn('unshare', ['--user', '--map-root-user', '--net', ...program], {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: '1' },
  });
  const handOn = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, handOn);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status, signal) => resolve(status ?? 128 + constants.signals[signal!]));
  });
}
