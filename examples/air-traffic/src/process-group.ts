/**
 * The members of the demo as processes of this machine, connected by a fabric. This process starts them, tells them what to
 * do, and gathers what they say. It also kills some while they send, one at a time, and starts each of them again: the others
 * go on, and it joins them meanwhile. Then all send what it had not got through. A member that fails, or dies by another's hand,
 * ends the demo.
 *
 * What a dead one got through nobody was told, yet it can be known. The calls of a member are applied in the order in which
 * it made them, none left out, and none of the demo's is refused as `OVERLOADED`, for 300 small calls fit the ring. So what is
 * applied of its part is a first part of it, and as long as what the board has beyond the flights of the others.
 */
import { fileURLToPath } from 'node:url';
import { LocalCluster, type FabricName, type LocalMember, type MemberEnd } from '@bowecho/actors/local';
import type { Flights } from './flights.js';
import { formatCount } from './format.js';
import type { FeedListeners, Group, GroupFed, ViewSeen } from './group.js';
import { comebackText, longestGap, partingText, viewText, type Comeback, type Loss } from './loss.js';
import type { Answers, Message, Order, ViewRuns } from './messages.js';
import { firstOf, partOf, sizeOf, type Range } from './share.js';
import { UsageMeter, type Usage } from './usage.js';
import type { Testimony } from './verdict.js';

const PROGRAM = fileURLToPath(new URL('./member-program.js', import.meta.url));
const LAUNCHER = 'launcher';
const NOTHING: Range = { from: 0, to: 0 };
/** A member is killed when so much of what is being sent is answered. */
const KILL_AT = 1 / 3;

export interface ProcessGroupOptions {
  readonly members: number;
  /** How many flights there are for all of them. */
  readonly flights: number;
  /** How many members are killed: fewer than half. */
  readonly kills: number;
  /** What connects them: one between processes. */
  readonly fabric: FabricName;
  /** Where they listen; left out, loopback. */
  readonly host?: string;
  readonly interrupt: AbortSignal;
}

/** A member that was killed while all were sending. */
interface Death {
  readonly member: LocalMember;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Flights that were answered by then, of all members together. */
  readonly answered: number;
  /** The first view of each of the others without it. */
  readonly views: Promise<readonly ViewRuns[]>;
  /** What became of its successor, which joins the others; undefined if there is none. */
  readonly successor: Promise<Successor | undefined>;
}

/** The next process of a member that was killed. */
interface Successor extends Comeback {
  readonly member: LocalMember;
}

/** One member's part of what is being sent. */
interface Part {
  readonly member: LocalMember;
  readonly range: Range;
}

export class ProcessGroup implements Group {
  private cluster: LocalCluster | undefined;
  /** Members that were not killed, oldest first. */
  private alive: readonly LocalMember[] = [];
  /** The member that was killed last; of the views that run those without it are waited for. */
  private killed: LocalMember | undefined;
  /** Its next process, until it takes part. */
  private coming: LocalMember | undefined;
  private readonly answers = new Map<string, unknown>();
  private readonly failures = new Map<string, string>();
  /** How many of the flights that are being sent are answered, by member. */
  private readonly answered = new Map<LocalMember, number>();
  private onAnswered: ((count: number) => void) | undefined;
  /** Those who wait for answers look again. */
  private readonly waiters = new Set<() => void>();
  private isEnding = false;
  private fail: ((error: Error) => void) | undefined;
  private readonly failed = new Promise<never>((_, reject) => (this.fail = reject));

  private constructor(
    private readonly flights: number,
    private readonly kills: number,
    private readonly interrupt: AbortSignal,
  ) {
    // Every step that waits for members hears of it; one may fail while none waits.
    this.failed.catch(() => undefined);
  }

  /** Starts the processes, which begin to read their shares. */
  static async start({ flights, kills, interrupt, ...options }: ProcessGroupOptions): Promise<ProcessGroup> {
    const group = new ProcessGroup(flights, kills, interrupt);
    group.cluster = await LocalCluster.start({
      ...options,
      file: PROGRAM,
      onLine: ({ id }, { text }) => console.error(`${id}: ${text}`), // a warning of Node, or its last words
      onMessage: (member, message) => group.heard(member, message as Message),
      onEnd: member => void group.memberEnded(member),
    });
    group.alive = group.cluster.members;
    const parts = partsOf({ from: 0, to: flights }, group.alive);
    group.tell((_, i) => ({ kind: 'prepare', share: parts[i]!.range }));
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

  async feed(listeners: FeedListeners): Promise<GroupFed> {
    const meter = new UsageMeter();
    const stop = (): void => this.tell(() => ({ kind: 'stop' }));
    this.interrupt.addEventListener('abort', stop);
    const sent: Range[] = [];
    const latencies: Uint32Array[] = [];
    const losses: Loss[] = [];
    let usages: readonly Usage[];
    let elapsedMs = 0;
    let work: Range = { from: 0, to: this.flights };
    for (;;) {
      const from = performance.now();
      const parts = partsOf(work, this.alive);
      const deaths = this.send(work, losses.length < this.kills, countOf(sent), listeners);
      const fed = await this.all('fed');
      elapsedMs += performance.now() - from;
      usages = fed.map(({ usage }) => usage);
      latencies.push(...fed.map(({ result }) => result.latencies));
      const [death] = deaths;
      const kept = parts.filter(({ member }) => member !== death?.member);
      sent.push(...kept.map(({ range }, i) => firstOf(range, fed[i]!.result.count)));
      if (death === undefined) break;
      const lost = parts.find(({ member }) => member === death.member)!.range;
      const loss = await this.lossOf(death, fed, lost, countOf(sent));
      losses.push(loss);
      sent.push(firstOf(lost, loss.applied));
      listeners.onNews(partingText(loss, sizeOf(lost)));
      work = { from: lost.from + loss.applied, to: lost.to };
      if (this.coming !== undefined) this.alive = [...this.alive, this.coming];
      this.coming = undefined;
      if (loss.takenOver === 0) break;
      await this.load(work);
    }
    this.interrupt.removeEventListener('abort', stop);
    if (losses.length < this.kills && !this.interrupt.aborted) {
      listeners.onNews('nothing was left to send, so no other member was killed');
    }
    return { sent, latencies, elapsedMs, usages: [...usages, meter.read(LAUNCHER)], losses };
  }

  testify(): Promise<readonly Testimony[]> {
    this.tell(() => ({ kind: 'testify' }));
    return this.all('testimony');
  }

  async end(): Promise<void> {
    this.isEnding = true;
    await this.cluster!.stop();
  }

  /**
   * Has all members send their parts, and kills the oldest one on the way if one is to be killed; that one is in the list that is
   * returned, once it is dead.
   *
   * @param before flights that were answered before
   */
  private send(
    work: Range,
    isKilling: boolean,
    before: number,
    { onProgress, onNews }: FeedListeners,
  ): readonly Death[] {
    const deaths: Death[] = [];
    this.answered.clear();
    this.onAnswered = count => {
      onProgress(before + count);
      if (!isKilling || deaths.length > 0 || this.interrupt.aborted || count < sizeOf(work) * KILL_AT) return;
      deaths.push(this.killOldest(before + count, onNews));
    };
    this.tell(() => ({ kind: 'feed' }));
    if (this.interrupt.aborted) this.tell(() => ({ kind: 'stop' }));
    return deaths;
  }

  private killOldest(answered: number, onNews: (sentence: string) => void): Death {
    const [member, ...others] = this.alive;
    this.alive = others;
    this.killed = member;
    // Its successor has the same id.
    for (const key of this.answers.keys()) if (key.endsWith(` of ${member!.id}`)) this.answers.delete(key);
    const at = performance.timeOrigin + performance.now();
    member!.kill('SIGKILL');
    onNews(`killed ${member!.id} after ${formatCount(answered)} flights`);
    const views = this.all('view').then(runs => {
      onNews(`${viewText(runs[0]!)} runs, ${formatCount(lastOf(runs) - at)} ms later`);
      return runs;
    });
    const successor = views.then(() => this.bringBack(member!.id, onNews));
    successor.catch(() => undefined); // a failure reaches whoever waits for answers, too, and is said there
    return { member: member!, at, answered, views, successor };
  }

  /** Starts that member again; it joins the others while they send. */
  private async bringBack(id: string, onNews: (sentence: string) => void): Promise<Successor | undefined> {
    if (this.interrupt.aborted || this.isEnding) return undefined;
    const from = performance.now();
    const member = await this.cluster!.restart(id);
    this.coming = member;
    member.send({ kind: 'prepare', share: NOTHING }).catch(() => undefined); // its end is noticed
    const [view] = await this.answersOf('ready', () => [member]);
    const comeback = { view: view!, afterMs: performance.now() - from };
    onNews(comebackText(id, comeback));
    return { member, ...comeback };
  }

  /**
   * What a death meant, when the others have sent all of theirs.
   *
   * @param lost what the dead one was to send
   * @param others flights that all but it sent, before and now
   */
  private async lossOf(
    { member, at, answered, views, successor }: Death,
    fed: readonly Answers['fed'][],
    lost: Range,
    others: number,
  ): Promise<Loss> {
    const runs = await views;
    this.tell(() => ({ kind: 'count' }));
    const [onBoard] = await this.all('count');
    const applied = onBoard! - others;
    const comeback = await successor;
    const pauses = fed.flatMap(({ result }, i) => longestGap(result.answeredAt, at, runs[i]!.at) ?? []);
    return {
      member: member.id,
      answered,
      view: { id: runs[0]!.id, members: runs[0]!.members },
      viewAfterMs: lastOf(runs) - at,
      pauseMs: pauses.length === 0 ? undefined : Math.max(...pauses),
      applied,
      takenOver: this.interrupt.aborted ? 0 : sizeOf(lost) - applied,
      comeback: comeback && { view: comeback.view, afterMs: comeback.afterMs },
    };
  }

  private async load(work: Range): Promise<void> {
    const parts = partsOf(work, this.alive);
    this.tell((_, i) => ({ kind: 'load', share: parts[i]!.range }));
    await this.all('loaded');
  }

  private tell(orderOf: (member: LocalMember, index: number) => Order): void {
    this.alive.forEach((member, i) => {
      // A member that cannot be told has ended, and that is noticed by its end.
      member.send({ ...orderOf(member, i) }).catch(() => undefined);
    });
  }

  private heard(member: LocalMember, message: Message): void {
    if (!this.takesPart(member)) return; // what it said before it was killed
    if (
      message.kind === 'view' &&
      this.killed !== undefined &&
      message.value.members.includes(this.killed.id)
    )
      return;
    if (message.kind === 'progress') {
      this.answered.set(member, message.answered);
      this.onAnswered?.([...this.answered.values()].reduce((sum, each) => sum + each));
    } else if (message.kind === 'failed') {
      this.failures.set(member.id, message.sentence);
    } else {
      this.answers.set(keyOf(member.id, message.kind), message.value);
    }
    for (const look of this.waiters) look();
  }

  private takesPart(member: LocalMember): boolean {
    return member === this.coming || this.alive.includes(member);
  }

  /** What all members that are alive then answer, in the order of the shares; it can be asked for again. */
  private all<Kind extends keyof Answers>(kind: Kind): Promise<Answers[Kind][]> {
    return this.answersOf(kind, () => this.alive);
  }

  private async answersOf<Kind extends keyof Answers>(
    kind: Kind,
    members: () => readonly LocalMember[],
  ): Promise<Answers[Kind][]> {
    const keys = (): string[] => members().map(({ id }) => keyOf(id, kind));
    let look: (() => void) | undefined;
    const answered = new Promise<void>(resolve => {
      look = () => {
        if (keys().every(key => this.answers.has(key))) resolve();
      };
      this.waiters.add(look);
      look();
    });
    try {
      await Promise.race([answered, this.failed]);
    } finally {
      this.waiters.delete(look!);
    }
    const values = keys().map(key => this.answers.get(key) as Answers[Kind]);
    for (const key of keys()) this.answers.delete(key);
    return values;
  }

  /** Nobody else should have, so the others are asked to end, too; then it is known who ended by itself. */
  private async memberEnded(member: LocalMember): Promise<void> {
    if (this.isEnding || !this.takesPart(member)) return;
    await this.end();
    this.fail!(new Error(sentenceOf(await this.cluster!.ended(), this.failures)));
  }
}

function partsOf(work: Range, members: readonly LocalMember[]): Part[] {
  return members.map((member, i) => ({ member, range: partOf(work, members.length, i) }));
}

function countOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, range) => sum + sizeOf(range), 0);
}

/** When the last one had the view. */
function lastOf(runs: readonly ViewRuns[]): number {
  return Math.max(...runs.map(({ at }) => at));
}

function keyOf(id: string, kind: keyof Answers): string {
  return `${kind} of ${id}`;
}

/** Says first who died: what failed at the others may have come of that. */
function sentenceOf(ends: readonly MemberEnd[], failures: ReadonlyMap<string, string>): string {
  const own = ends.filter(end => end.sent === undefined);
  const dead = own.filter(({ id }) => !failures.has(id));
  if (dead.length > 0) {
    const deaths = dead.map(({ id, status, signal }) => {
      const how = signal === undefined ? `exited with status ${status}` : `was ended by ${signal}`;
      return `member ${id} ${how}`;
    });
    return `${deaths.join(', ')}; the demo did not ask for that, and has ended the others`;
  }
  return [...failures].map(([id, sentence]) => `member ${id} failed: ${sentence}`).join('\n');
}
