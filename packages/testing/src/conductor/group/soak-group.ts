/**
 * SoakGroup is a group of real members, each a process of this machine, as the conductor sees it: whom it killed, stopped or
 * heard halt, who runs which view since when, and waiting for what must come.
 *
 * It expects members to end by its own signals alone. Whatever else happens to one, and whatever does not come in time, is
 * a `GroupTrouble`: nobody waits without end, and nothing of it is left to a test's own time limit.
 */
import { LocalCluster, LocalMember, type MemberEnd, type MemberListeners } from '@bowecho/actors/local';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MemberJob, Message, Order } from '../member/messages.js';
import { monotonicMicros } from '../member/monotonic.js';
import type { Fate } from '../round-record.js';
import type { CutNetwork } from './cut-network.js';

const PROGRAM = fileURLToPath(new URL('../member/member-program.js', import.meta.url));

/** How long anything may take that must come, milliseconds: calls, views and halts are far quicker, and starts on a busy machine. */
const PATIENCE_MS = 30_000;
/** What members have to end by themselves when the conductor is gone. */
const GRACE_MS = 1_000;

/** What must not happen, in words, with the code of the error where a member failed by one. */
export class GroupTrouble extends Error {
  override readonly name = 'GroupTrouble';

  constructor(
    sentence: string,
    readonly code?: string,
  ) {
    super(sentence);
  }
}

export interface GroupOptions {
  readonly members: number;
  readonly fabric: string;
  readonly job: MemberJob;
  /** Starts Node: see node-wrapper.ts. */
  readonly execPath: string;
  /** Where its links can be cut, which starts Node in its own way; undefined for loopback. */
  readonly network: CutNetwork | undefined;
  /** Ends all waiting. */
  readonly signal: AbortSignal;
}

/** `paused`: by SIGSTOP. */
type Standing = 'up' | 'paused' | 'killed' | 'halted';

interface ViewSeen {
  readonly id: number;
  readonly members: readonly string[];
  /** Microseconds of CLOCK_MONOTONIC. */
  readonly at: number;
}

interface Watched {
  readonly process: LocalMember;
  standing: Standing;
  readonly views: ViewSeen[];
  readonly said: Set<Message['kind']>;
}

export class SoakGroup implements AsyncDisposable {
  private readonly watched = new Map<string, Watched>();
  private readonly looks = new Set<() => void>();
  private trouble: GroupTrouble | undefined;
  private isEnding = false;

  private constructor(private readonly options: GroupOptions) {}

  /** Starts all processes. Whether they become a group is for `settled` to say. */
  static async start(options: GroupOptions): Promise<SoakGroup> {
    const group = new SoakGroup(options);
    const { members: count, fabric, job, execPath, network } = options;
    const program = {
      file: PROGRAM,
      args: [JSON.stringify(job)],
      fabric,
      graceMs: GRACE_MS,
      ...group.listeners(),
    };
    const members =
      network === undefined
        ? (await LocalCluster.start({ ...program, execPath, members: count })).members
        : await network.startMembers(count, program);
    for (const process of members)
      group.watched.set(process.id, { process, standing: 'up', views: [], said: new Set() });
    return group;
  }

  /** Who is up: neither killed, paused nor halted, oldest first. */
  get present(): string[] {
    return [...this.watched].filter(([, { standing }]) => standing === 'up').map(([id]) => id);
  }

  get ids(): string[] {
    return [...this.watched.keys()];
  }

  /** The highest view that ran anywhere; 0 is the first one. */
  get lastView(): number {
    return Math.max(0, ...[...this.watched.values()].flatMap(({ views }) => views.map(({ id }) => id)));
  }

  /** Resolves when all who are up run a view of exactly them; at once where nobody is. */
  settled(): Promise<void> {
    return this.until('all who are up run a view of exactly them', () => this.isSettled());
  }

  /** Resolves when somebody who was up is out of the group and the others run a view without. */
  settledWithout(before: readonly string[]): Promise<void> {
    const isLess = (): boolean => this.present.length < before.length;
    return this.until('somebody is left out and the others go on', () => isLess() && this.isSettled());
  }

  /** Resolves when that member says that it is in no view any more. */
  halted(id: string): Promise<void> {
    const member = this.watched.get(id)!;
    return this.until(`${id} notices that it was left out`, () => member.standing === 'halted');
  }

  /** Gives all who are up an order. */
  tell(order: Order): void {
    for (const id of this.present) {
      // A member that cannot be told has ended, and that is noticed by its end.
      this.watched
        .get(id)!
        .process.send(order)
        .catch(() => undefined);
    }
  }

  /** Resolves when all who are up, whoever that is by then, have said that. */
  allSaid(kind: Message['kind']): Promise<void> {
    const isSaid = (id: string): boolean => this.watched.get(id)!.said.has(kind);
    return this.until(`all say '${kind}'`, () => this.present.every(isSaid));
  }

  /** @returns when it was killed, in microseconds */
  kill(id: string): number {
    return this.signal(id, 'SIGKILL', 'killed');
  }

  /** @returns when it was stopped, in microseconds */
  pause(id: string): number {
    return this.signal(id, 'SIGSTOP', 'paused');
  }

  /** Lets it run on. Whether it is still a member is not known then: it stands as it stood, paused, until `isUp` says so. */
  wake(id: string): void {
    this.watched.get(id)!.process.kill('SIGCONT');
  }

  /** Says that a woken member is to be one of the group again. */
  isUp(id: string): void {
    this.watched.get(id)!.standing = 'up';
  }

  /** When the last one who is up began to run a view without that member, in microseconds; undefined if one does not. */
  ranWithoutBy(id: string, since: number): number | undefined {
    const times = this.present.map(other => this.firstWithout(other, id, since));
    return times.every(time => time !== undefined) ? Math.max(...times) : undefined;
  }

  /** When the first one who is up began to. */
  goneAt(id: string): number | undefined {
    const times = this.present.flatMap(other => this.firstWithout(other, id, 0) ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  fateOf(id: string): Fate {
    const { standing } = this.watched.get(id)!;
    if (standing === 'up') return 'survived';
    return standing === 'killed' ? 'killed' : 'left out';
  }

  /** Kills all processes, and resolves when they have ended. */
  async end(): Promise<void> {
    this.isEnding = true;
    const processes = [...this.watched.values()].map(({ process }) => process);
    for (const process of processes) process.kill('SIGKILL');
    await Promise.all(processes.map(process => process.ended));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }

  private isSettled(): boolean {
    const { present } = this;
    return present.every(id => this.watched.get(id)!.views.at(-1)?.members.join() === present.join());
  }

  private firstWithout(at: string, id: string, since: number): number | undefined {
    return this.watched.get(at)!.views.find(view => view.at > since && !view.members.includes(id))?.at;
  }

  private signal(id: string, signal: NodeJS.Signals, standing: Standing): number {
    const member = this.watched.get(id)!;
    member.standing = standing;
    const at = monotonicMicros();
    member.process.kill(signal);
    return at;
  }

  private listeners(): MemberListeners {
    const { folder } = this.options.job;
    return {
      onLine: ({ id }, { text }) => appendFileSync(join(folder, `${id}.out`), `${text}\n`),
      onMessage: ({ id }, message) => this.heard(id, message as Message),
      onEnd: (_, end) => this.ended(end),
    };
  }

  private heard(id: string, message: Message): void {
    const member = this.watched.get(id)!;
    member.said.add(message.kind);
    switch (message.kind) {
      case 'view':
        member.views.push(message);
        break;
      case 'halted':
        if (member.standing !== 'killed') member.standing = 'halted';
        break;
      case 'failed':
        this.fail(`${id} failed: ${message.sentence}`, message.code);
        break;
      default: // said is all that it is
    }
    this.look();
  }

  private ended({ id, status, signal }: MemberEnd): void {
    if (this.isEnding || this.watched.get(id)!.standing === 'killed') return;
    this.fail(`${id} ended by itself: ${signal ?? `status ${status}`}`);
    this.look();
  }

  private fail(sentence: string, code?: string): void {
    this.trouble ??= new GroupTrouble(sentence, code);
  }

  private look(): void {
    for (const look of this.looks) look();
  }

  private async until(what: string, isTrue: () => boolean): Promise<void> {
    const { signal } = this.options;
    let forget = (): void => undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const look = (): void => {
          if (this.trouble !== undefined) reject(this.trouble);
          else if (signal.aborted) reject(signal.reason as Error);
          else if (isTrue()) resolve();
        };
        const giveUp = (): void => {
          const sentence = `waited ${PATIENCE_MS / 1000} s in vain until ${what}: ${this.describe()}`;
          reject(new GroupTrouble(sentence));
        };
        const timer = setTimeout(giveUp, PATIENCE_MS);
        this.looks.add(look);
        signal.addEventListener('abort', look);
        forget = () => {
          clearTimeout(timer);
          this.looks.delete(look);
          signal.removeEventListener('abort', look);
        };
        look();
      });
    } finally {
      forget();
    }
  }

  private describe(): string {
    return [...this.watched]
      .map(([id, { standing, views }]) => {
        const view = views.at(-1);
        return `${id} ${standing}, ${view === undefined ? 'no view' : `view ${view.id} of ${view.members.join(' ')}`}`;
      })
      .join('; ');
  }
}
