/**
 * LocalMember is one process of a local cluster, seen from the program that started it: its lines, its messages, its end.
 *
 * The process has a session of its own, so that a terminal's Ctrl-C reaches the launcher alone, which decides what it
 * means. In exchange it leaves when its launcher is gone; see leave-with-launcher.ts.
 */
import { fork, type ChildProcess, type Serializable } from 'node:child_process';
import { once } from 'node:events';
import { BowechoError } from '@bowecho/core';
import { describeValue } from '../../config/describe-value.js';
import { isIntegerWithin } from '../../config/limits.js';
import type { Line } from './line-splitter.js';
import { readLines } from './member-output.js';
import { nodeOptionsForMembers } from './node-options.js';

/** A line that a member wrote. */
export interface OutputLine extends Line {
  readonly stream: 'stdout' | 'stderr';
}

/** How a member ended. */
export interface MemberEnd {
  readonly id: string;
  /** Its exit status; undefined if a signal ended it. */
  readonly status: number | undefined;
  /** The signal that ended it. */
  readonly signal: NodeJS.Signals | undefined;
  /** The last signal that its launcher had sent it by then. */
  readonly sent: NodeJS.Signals | undefined;
}

/** What a launcher hears of its members. Where a listener throws, that member is killed and its `ended` rejects. */
export interface MemberListeners {
  /** A line came. The next one of that stream is read when a promise that this returns has resolved. Default: dropped. */
  readonly onLine?: (member: LocalMember, line: OutputLine) => void | Promise<void>;
  /** The program called `process.send(value)`. */
  readonly onMessage?: (member: LocalMember, value: unknown) => void;
  /** It has ended, and all its lines and messages were handed over. */
  readonly onEnd?: (member: LocalMember, end: MemberEnd) => void;
}

/** What a member runs. */
export interface MemberProgram {
  /** The JavaScript file to run. */
  readonly file: string;
  /** Arguments of the program. Default: none. */
  readonly args?: readonly string[];
  /** Sets `BOWECHO_FABRIC`. Default: as in the environment. */
  readonly fabric?: string;
  /** Milliseconds from SIGTERM to SIGKILL, in `stop` and when the launcher is gone. Default 10,000. */
  readonly graceMs?: number;
  /** Environment variables over those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs. Default: where this process does. */
  readonly cwd?: string;
  /** The Node that runs it, or what starts one with these arguments. Default: this process' own. */
  readonly execPath?: string;
  /** Options of Node. Default: those of this process, without what would run another program. */
  readonly execArgv?: readonly string[];
}

export interface LocalMemberOptions extends MemberProgram, MemberListeners {
  /** Becomes `BOWECHO_ID`. */
  readonly id: string;
  /** Becomes `BOWECHO_LISTEN`. */
  readonly address: string;
  /** Becomes `BOWECHO_SEEDS`: the addresses of all founders. */
  readonly seeds: readonly string[];
}

/** From SIGTERM to SIGKILL, milliseconds. */
export const DEFAULT_GRACE_MS = 10_000;
/** `setTimeout` takes no longer delays. */
const LONGEST_GRACE_MS = 2 ** 31 - 1;

export class LocalMember {
  readonly id: string;
  readonly address: string;
  readonly pid: number;
  /** Resolves with its end, after all its lines and messages were handed over. */
  readonly ended: Promise<MemberEnd>;
  private readonly child: ChildProcess;
  private readonly graceMs: number;
  private readonly exited: Promise<void>;
  private sent: NodeJS.Signals | undefined;
  private stopping: Promise<void> | undefined;

  private constructor(child: ChildProcess, options: LocalMemberOptions) {
    this.id = options.id;
    this.address = options.address;
    this.pid = child.pid!;
    this.child = child;
    this.graceMs = options.graceMs ?? DEFAULT_GRACE_MS;
    const exited = new Promise<MemberEnd>(resolve => {
      child.once('exit', (status, signal) =>
        resolve({ id: this.id, status: status ?? undefined, signal: signal ?? undefined, sent: this.sent }),
      );
    });
    this.exited = exited.then(() => undefined);
    this.ended = this.follow(exited, options).catch((error: unknown) => {
      this.kill('SIGKILL');
      throw error;
    });
  }

  /**
   * Starts the process. No listener is called before what awaits this goes on.
   *
   * @throws BowechoError `CONFIG_INVALID` for a grace out of range
   * @throws the system's error if no process can be started
   */
  static async start(options: LocalMemberOptions): Promise<LocalMember> {
    const { file, id, address, seeds, fabric, graceMs = DEFAULT_GRACE_MS } = options;
    if (!isIntegerWithin(graceMs, { min: 0, max: LONGEST_GRACE_MS })) {
      const sentence = `graceMs must be 0 to ${LONGEST_GRACE_MS} whole milliseconds, but is ${describeValue(graceMs)}`;
      throw new BowechoError('CONFIG_INVALID', sentence);
    }
    const preload = new URL(`./leave-with-launcher.js?graceMs=${graceMs}`, import.meta.url).href;
    const child = fork(file, options.args ?? [], {
      execArgv: ['--import', preload, ...(options.execArgv ?? nodeOptionsForMembers(process.execArgv))],
      env: {
        ...process.env,
        ...options.env,
        BOWECHO_ID: id,
        BOWECHO_LISTEN: address,
        BOWECHO_SEEDS: seeds.join(','),
        ...(fabric === undefined ? {} : { BOWECHO_FABRIC: fabric }),
      },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.execPath === undefined ? {} : { execPath: options.execPath }),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
      detached: true,
    });
    await once(child, 'spawn');
    return new LocalMember(child, options);
  }

  /** False as soon as the process has ended, perhaps before its last lines were handed over. */
  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /**
   * Sends a value to the program, which gets a copy by `process.on('message', value => ...)`. Objects may have inside them
   * whatever `structuredClone` takes.
   *
   * @throws BowechoError `MEMBER_LOST` if it has ended, `NOT_SERIALIZABLE`
   */
  send(value: Serializable): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error: Error | null): void => {
        if (error === null) resolve();
        else reject(this.lost(error));
      };
      try {
        this.child.send(value, settle);
      } catch (cause) {
        const sentence = `member '${this.id}' cannot be sent this value: ${String(cause)}`;
        reject(new BowechoError('NOT_SERIALIZABLE', sentence, { cause }));
      }
    });
  }

  /** Sends a signal; false if the process has ended. */
  kill(signal: NodeJS.Signals): boolean {
    if (!this.isRunning) return false;
    this.sent = signal;
    return this.child.kill(signal);
  }

  /**
   * Asks the process to end, by SIGTERM, and kills it if it has not when its grace is over. Resolves when it has ended.
   * Calling it again waits for the same.
   */
  stop(): Promise<void> {
    this.stopping ??= this.askAndWait();
    return this.stopping;
  }

  private async askAndWait(): Promise<void> {
    if (!this.kill('SIGTERM')) return this.exited;
    const timer = setTimeout(() => this.kill('SIGKILL'), this.graceMs);
    await this.exited;
    clearTimeout(timer);
  }

  private async follow(exited: Promise<MemberEnd>, listeners: MemberListeners): Promise<MemberEnd> {
    const { child } = this;
    const { onLine = ignore, onMessage = ignore, onEnd = ignore } = listeners;
    const read = (stream: 'stdout' | 'stderr'): Promise<void> =>
      readLines(child[stream]!, exited, line => onLine(this, { ...line, stream }));
    const disconnected = once(child, 'disconnect');
    let mistake: { readonly error: unknown } | undefined;
    child.on('message', value => {
      try {
        onMessage(this, value);
      } catch (error) {
        mistake ??= { error };
        this.kill('SIGKILL');
      }
    });
    const [end] = await Promise.all([exited, disconnected, read('stdout'), read('stderr')]);
    if (mistake !== undefined) throw mistake.error;
    onEnd(this, end);
    return end;
  }

  private lost(cause: Error): BowechoError {
    const sentence = `member '${this.id}' (process ${this.pid}) has ended, so nothing can be sent to it`;
    return new BowechoError('MEMBER_LOST', sentence, { cause });
  }
}

function ignore(): void {}
