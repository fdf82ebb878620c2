/** Runs a few lines of JavaScript in a process of their own, under limits or as another user. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The scripts' imports are looked for from here. */
const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

/** Without what the tests run under: a limit of file sizes would be in the way of a coverage report, too. */
const ENVIRONMENT = { ...process.env, NODE_OPTIONS: '', NODE_V8_COVERAGE: '' };

const PRELUDE = `
import { createFabric } from '@bowecho/rdma';
import { readdirSync } from 'node:fs';
const hex = bytes => Buffer.from(bytes).toString('hex');
const fromHex = text => new Uint8Array(Buffer.from(text, 'hex'));
const say = value => console.log(JSON.stringify(value));
const codeOf = body => { try { body(); return 'none'; } catch (error) { return error.code + ': ' + error.message; } };
const countDescriptors = () => readdirSync('/proc/self/fd').length;
`;

export interface ScriptOptions {
  /** A shell command to run first, such as a ulimit. */
  readonly limit?: string;
  /** A command that starts Node, such as unshare. */
  readonly through?: readonly string[];
  readonly uid?: number;
  readonly args?: readonly string[];
  /** Beside the environment of the tests. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface ScriptEnd {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it said, line by line. */
  readonly said: readonly unknown[];
  readonly errors: string;
}

function commandLine(code: string, { limit = 'true', through = [], args = [] }: ScriptOptions): string[] {
  const node = [process.execPath, '--input-type=module', '-e', PRELUDE + code, '--', ...args];
  return ['-c', `${limit} && exec "$@"`, 'bash', ...through, ...node];
}

/** Runs it to its end. */
export function runScript(code: string, options: ScriptOptions = {}): ScriptEnd {
  const { status, signal, stdout, stderr } = spawnSync('bash', commandLine(code, options), {
    cwd: PACKAGE,
    encoding: 'utf8',
    uid: options.uid,
    env: { ...ENVIRONMENT, ...options.env },
  });
  const said = stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as unknown);
  return { status, signal, said, errors: stderr };
}

/** Starts it and waits for the first thing that it says. */
export async function startScript(
  code: string,
  options: ScriptOptions = {},
): Promise<{ child: ChildProcess; said: unknown }> {
  const child = spawn('bash', commandLine(code, options), {
    cwd: PACKAGE,
    uid: options.uid,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...ENVIRONMENT, ...options.env },
  });
  const line = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n')) resolve(text);
    });
    child.once('exit', () => reject(new Error(`it ended and had said '${text}'`)));
  });
  return { child, said: JSON.parse(line) };
}

export async function kill(child: ChildProcess): Promise<void> {
  const exited = new Promise(resolve => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}
