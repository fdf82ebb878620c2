/**
 * `bowecho run`: starts a local cluster of a program, prints what its members write, and sees to it that all of them end
 * when one fails or the user has enough. What it says itself goes to standard error, one line at a time.
 *
 * Where processes cannot be connected, or when it is told so, all members run in this process: one-process.ts.
 */
import { BowechoError } from '@bowecho/core';
import type { RunOptions } from './command-line.js';
import { describeEnd, endedWell, exitStatusOf, type EndReason } from './exit-status.js';
import { LabelledOutput } from './labelled-output.js';
import { chooseFabric, type FabricChoice } from './local/choose-fabric.js';
import { LocalCluster, type LocalMember, type MemberEnd, type OutputLine } from './local/local-cluster.js';
import { runInOneProcess } from './one-process.js';
import { problemOfProgram } from './program-file.js';
import { StopSignals } from './stop-signals.js';

const WRONG = 1;

/** Runs the program to its end, and resolves with the exit status; undefined where the program itself decides on it. */
export async function run(options: RunOptions): Promise<number | undefined> {
  const say = (sentence: string): void => console.error(`bowecho run: ${sentence}`);
  const problem = problemOfProgram(options.file);
  const choice = problem ?? (await choose(options));
  if (typeof choice === 'string') {
    say(choice);
    return WRONG;
  }
  const { fabric, why = `fabric '${fabric}'` } = choice;
  if (fabric !== 'in-process') return new Run(options).toItsEnd();
  const who = options.members === 1 ? 'the member runs' : `all ${options.members} members run`;
  say(`${why}; ${who} in this process, unlabelled`);
  await runInOneProcess(options, say);
  return undefined;
}

/** The fabric of the run, or why there can be none, in words. */
async function choose({ fabric, host }: RunOptions): Promise<FabricChoice | string> {
  try {
    return await chooseFabric(fabric, process.env, host);
  } catch (error) {
    if (error instanceof BowechoError) return error.message;
    throw error;
  }
}

class Run {
  private readonly outputs: Readonly<Record<OutputLine['stream'], LabelledOutput>>;
  private readonly ends: MemberEnd[] = [];
  private cluster: LocalCluster | undefined;
  private reason: EndReason | undefined;
  private isHurried = false;

  constructor(private readonly options: RunOptions) {
    const labels = Array.from({ length: options.members }, (_, i) => `n${i + 1}`);
    const outputTo = (stream: NodeJS.WriteStream): LabelledOutput =>
      new LabelledOutput(stream, labels, error => this.outputClosed(error));
    this.outputs = { stdout: outputTo(process.stdout), stderr: outputTo(process.stderr) };
  }

  async toItsEnd(): Promise<number> {
    const signals = new StopSignals(
      process,
      signal => this.end(signal),
      () => this.hurry(),
    );
    try {
      await this.runMembers();
    } finally {
      signals.stopListening();
    }
    const status = exitStatusOf(this.reason ?? 'members', this.ends);
    // What nobody takes from us would keep this process; who hurries us does not want to wait for that.
    if (this.isHurried) process.exit(status);
    return status;
  }

  private async runMembers(): Promise<void> {
    this.cluster = await LocalCluster.start({
      ...this.options,
      onLine: (member, { stream, text }) => this.outputs[stream].line(member.id, text),
      onEnd: (member, end) => this.memberEnded(member, end),
    });
    if (this.reason !== undefined) this.stopAll(); // a signal was quicker than the processes
    await this.cluster.ended();
  }

  private memberEnded({ id }: LocalMember, end: MemberEnd): void {
    this.ends.push(end);
    if (endedWell(end)) return;
    const others = this.cluster!.running.map(member => member.id);
    const isFirst = this.reason === undefined && others.length > 0;
    this.say(`${id} ${describeEnd(end)}${isFirst ? `; ending ${listOf(others)}` : ''}`);
    this.end('members');
  }

  /** Has the members end; the first reason is the one that counts. */
  private end(reason: EndReason): void {
    this.reason ??= reason;
    this.stopAll();
  }

  private stopAll(): void {
    void this.cluster?.stop(); // never rejects: it waits for processes to end, which they do
  }

  private hurry(): void {
    this.isHurried = true;
    this.cluster?.kill();
    for (const output of Object.values(this.outputs)) output.close();
  }

  private outputClosed(error: NodeJS.ErrnoException): void {
    if (error.code !== 'EPIPE') this.say(`the output cannot be written: ${error.message}`);
    this.end('SIGPIPE');
  }

  private say(sentence: string): void {
    void this.outputs.stderr.plain(`bowecho run: ${sentence}`);
  }
}

function listOf(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
