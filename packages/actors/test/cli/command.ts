/** The command as a person runs it: a process of its own, of which a test waits for lines and for the end. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';

const BOWECHO = fileURLToPath(new URL('../../../bin/bowecho.js', import.meta.url));

/**
 * Without V8's compiler threads: Node 24 and 26 may hang at their exit when such a thread asks for a garbage collection just
 * then (docs/platforms.md), and a command that ends as soon as it has started meets that once in some hundred runs.
 */
const NODE_ARGUMENTS = ['--single-threaded'];

export interface CommandEnd {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export class Command {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly ended: Promise<CommandEnd>;
  out = '';
  err = '';
  private readonly waits = new Set<() => void>();

  /**
   * In a process group of its own, as a shell would start it; without colours whatever runs the tests.
   *
   * @param more environment variables
   * @param cwd the folder where it is started
   */
  constructor(args: readonly string[], more: NodeJS.ProcessEnv = {}, cwd = process.cwd()) {
    const env = { ...process.env, FORCE_COLOR: '0', ...more };
    this.child = spawn(process.execPath, [...NODE_ARGUMENTS, BOWECHO, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      cwd,
      env,
    });
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.out += text;
      for (const check of this.waits) check();
    });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.err += text;
      for (const check of this.waits) check();
    });
    this.ended = once(this.child, 'close').then(([status, signal]) => ({
      status: status as number | null,
      signal: signal as NodeJS.Signals | null,
      out: this.out,
      err: this.err,
    }));
  }

  /** Resolves with the first match in the standard output; rejects if the command ends without one. */
  seen(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const match = pattern.exec(this.out);
        if (match === null) return;
        this.waits.delete(check);
        resolve(match);
      };
      this.waits.add(check);
      check();
      void this.ended.then(({ status, out, err }) =>
        reject(new Error(`it ended with ${status} without ${pattern.source}\n${out}\n${err}`)),
      );
    });
  }

  /** Sends a signal to the whole group, as a terminal does. */
  signal(name: NodeJS.Signals): void {
    process.kill(-this.child.pid!, name);
  }

  /** Whatever a test left running. */
  async end(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.ended;
  }
}
