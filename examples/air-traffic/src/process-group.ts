/**
 * The members of the demo as processes of this machine, connected by a fabric. This process starts them, tells them what to
 * do, and gathers what they say. A member that fails or dies ends them all, for in this version the others cannot
 * go on without it.
 */
import { fileURLToPath } from 'node:url';
import { LocalCluster, type FabricName, type LocalMember, type MemberEnd } from '@bowecho/actors/local';
import type { Flights } from './flights.js';
import type { Group, GroupFed, ViewSeen } from './group.js';
import type { Answers, Message, Order } from './messages.js';
import { shareOf } from './share.js';
import { UsageMeter } from './usage.js';
import type { Testimony } from './verdict.js';

const PROGRAM = fileURLToPath(new URL('./member-program.js', import.meta.url));
const LAUNCHER = 'launcher';

export interface ProcessGroupOptions {
  readonly members: number;
  /** How many flights there are for all of them. */
  readonly flights: number;
  /** What connects them: one between processes. */
  readonly fabric: FabricName;
  /** Where they listen; left out, loopback. */
  readonly host?: string;
  readonly interrupt: AbortSignal;
}

export class ProcessGroup implements Group {
  private cluster: LocalCluster | undefined;
  private readonly answers = new Map<string, unknown>();
  private readonly failures = new Map<string, string>();
  private readonly answered = new Map<string, number>();
  private onAnswer: (() => void) | undefined;
  private onProgress: ((answered: number) => void) | undefined;
  private isEnding = false;
  private fail: ((error: Error) => void) | undefined;
  private readonly failed = new Promise<never>((_, reject) => (this.fail = reject));

  private constructor(private readonly interrupt: AbortSignal) {
    // Every step that waits for members hears of it; one may fail while none waits.
    this.failed.catch(() => undefined);
  }

  /** Starts the processes, which begin to read their shares. */
  static async start({ flights, interrupt, ...options }: ProcessGroupOptions): Promise<ProcessGroup> {
    const group = new ProcessGroup(interrupt);
    group.cluster = await LocalCluster.start({
      ...options,
      file: PROGRAM,
      onLine: ({ id }, { text }) => console.error(`${id}: ${text}`), // a warning of Node, or its last words
      onMessage: (member, message) => group.heard(member, message as Message),
      onEnd: () => void group.memberEnded(),
    });
    group.tell((_, i) => ({ kind: 'prepare', share: shareOf(flights, options.members, i) }));
    return group;
  }

  /** The members with their process ids, in words. */
  get processes(): string {
    return this.cluster!.members.map(({ id, pid }) => `${id} ${pid}`).join(', ');
  }

  /** Each member reads its share itself. */
  async ready(_flights: Flights): Promise<ViewSeen> {
    const { interrupt } = this;
    interrupt.throwIfAborted();
    let onAbort: (() => void) | undefined;
    const interrupted = new Promise<never>((_, reject) => {
      onAbort = () => reject(interrupt.reason as Error);
      interrupt.addEventListener('abort', onAbort);
    });
    const views = await Promise.race([this.all('ready'), interrupted]);
    interrupt.removeEventListener('abort', onAbort!);
    return views[0]!;
  }

  async feed(onProgress: (answered: number) => void): Promise<GroupFed> {
    const meter = new UsageMeter();
    const stop = (): void => this.tell(() => ({ kind: 'stop' }));
    this.onProgress = onProgress;
    this.tell(() => ({ kind: 'feed' }));
    if (this.interrupt.aborted) stop();
    else this.interrupt.addEventListener('abort', stop);
    const fed = await this.all('fed');
    this.interrupt.removeEventListener('abort', stop);
    return {
      members: fed.map(({ result }) => result),
      usages: [...fed.map(({ usage }) => usage), meter.read(LAUNCHER)],
    };
  }

  testify(): Promise<readonly Testimony[]> {
    this.tell(() => ({ kind: 'testify' }));
    return this.all('testimony');
  }

  async end(): Promise<void> {
    this.isEnding = true;
    await this.cluster!.stop();
  }

  private tell(orderOf: (member: LocalMember, index: number) => Order): void {
    this.cluster!.members.forEach((member, i) => {
      // A member that cannot be told has ended, and that is noticed by its end.
      member.send({ ...orderOf(member, i) }).catch(() => undefined);
    });
  }

  private heard({ id }: LocalMember, message: Message): void {
    if (message.kind === 'progress') {
      this.answered.set(id, message.answered);
      this.onProgress?.([...this.answered.values()].reduce((sum, each) => sum + each));
    } else if (message.kind === 'failed') {
      this.failures.set(id, message.sentence);
    } else {
      this.answers.set(keyOf(id, message.kind), message.value);
      this.onAnswer?.();
    }
  }

  /** What all members answer, in the order of the shares. */
  private async all<Kind extends keyof Answers>(kind: Kind): Promise<Answers[Kind][]> {
    const keys = this.cluster!.members.map(({ id }) => keyOf(id, kind));
    const answered = new Promise<void>(resolve => {
      this.onAnswer = () => {
        if (keys.every(key => this.answers.has(key))) resolve();
      };
      this.onAnswer();
    });
    await Promise.race([answered, this.failed]);
    return keys.map(key => this.answers.get(key) as Answers[Kind]);
  }

  /** Nobody should have, so the others are asked to end, too; then it is known who ended by itself. */
  private async memberEnded(): Promise<void> {
    if (this.isEnding) return;
    await this.end();
    this.fail!(new Error(sentenceOf(await this.cluster!.ended(), this.failures)));
  }
}

function keyOf(id: string, kind: keyof Answers): string {
  return `${kind} of ${id}`;
}

/** Says first who died: what failed at the others came of that. */
function sentenceOf(ends: readonly MemberEnd[], failures: ReadonlyMap<string, string>): string {
  const own = ends.filter(end => end.sent === undefined);
  const dead = own.filter(({ id }) => !failures.has(id));
  if (dead.length > 0) {
    const deaths = dead.map(({ id, status, signal }) => {
      const how = signal === undefined ? `exited with status ${status}` : `was ended by ${signal}`;
      return `member ${id} ${how}`;
    });
    return `${deaths.join(', ')}; the others cannot go on without it in this version, and were ended`;
  }
  return [...failures].map(([id, sentence]) => `member ${id} failed: ${sentence}`).join('\n');
}
