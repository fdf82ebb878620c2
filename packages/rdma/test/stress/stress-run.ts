/**
 * A stress run: three processes, one game, and this process as the judge. The members find torn cells and reordered bytes
 * themselves. Whether a wake-up was lost only somebody awake can tell: the judge looks at all members, round by round. When
 * one sleeps over a ball that lies in its memory, and has not woken while every member went through its event loop several
 * times, then no push is under way any more, and nothing will ever wake it.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Introduction, Look, Orders, Report, Request } from './stress-link.js';

const MEMBER = fileURLToPath(new URL('./stress-member.js', import.meta.url));
const MEMBERS = 3;
const LOOK_EVERY_MS = 200;
/** The same sleep over a ball in so many rounds, of a whole turn of every event loop each. */
const ROUNDS_TO_BE_SURE = 4;
/** Without any progress for so long, something is wrong that the looks do not see. */
const WATCHDOG_MS = 40_000;

export interface StressResult {
  /** What was found, or undefined. */
  readonly found: string | undefined;
  /** How often members went to sleep, all together. */
  readonly sleeps: number;
}

class Member {
  readonly process: ChildProcess;
  readonly exited: Promise<unknown>;
  private waiting: ((report: Report) => void) | undefined;
  private readonly reports: Report[] = [];
  /** The answer to the last question, once it is there. */
  look: Look | undefined;
  sleeps: number | undefined;

  constructor(
    orders: Orders,
    env: NodeJS.ProcessEnv,
    private readonly onEvent: (found?: string) => void,
  ) {
    this.process = fork(MEMBER, [JSON.stringify(orders)], { env: { ...process.env, ...env } });
    this.exited = new Promise(resolve => this.process.once('exit', resolve));
    this.process.on('message', (report: Report) => this.heard(report));
    this.process.once('exit', (status, signal) => {
      if (status !== 0 && signal !== 'SIGKILL')
        onEvent(`member ${orders.rank} ended with ${status ?? signal}`);
    });
  }

  /** The next report of the set-up. */
  next(): Promise<Report> {
    const report = this.reports.shift();
    if (report !== undefined) return Promise.resolve(report);
    return new Promise(resolve => (this.waiting = resolve));
  }

  send(request: Request): void {
    this.process.send(request);
  }

  askForLook(): void {
    this.look = undefined;
    if (this.process.connected) this.send('look');
  }

  private heard(report: Report): void {
    if (report !== 'ready' && 'found' in report) this.onEvent(report.found);
    else if (report !== 'ready' && 'done' in report) {
      this.sleeps = report.done;
      this.onEvent();
    } else if (report !== 'ready' && 'look' in report) {
      this.look = report.look;
    } else if (this.waiting === undefined) {
      this.reports.push(report);
    } else {
      this.waiting(report);
      this.waiting = undefined;
    }
  }
}

/** Watches the members, by rounds of looks. */
class Judge {
  /** By rank: which sleep it was that was seen over a ball, and in how many rounds. */
  private readonly suspects: { sleep: number; rounds: number }[] = [];
  private last = '';
  private movedAt = Date.now();

  /** @param count hits of each ball */
  constructor(private readonly count: number) {}

  /** What is wrong, as far as can be told by now. `looks` is undefined while the round is not complete. */
  judge(looks: readonly Look[] | undefined): string | undefined {
    const state = looks === undefined ? this.last : JSON.stringify(looks);
    if (state !== this.last) this.movedAt = Date.now();
    this.last = state;
    if (Date.now() - this.movedAt > WATCHDOG_MS) return `nothing moves for ${WATCHDOG_MS / 1000} s; ${state}`;
    const sleeper = looks?.findIndex((_, rank) => this.roundsOver(rank, looks) === ROUNDS_TO_BE_SURE) ?? -1;
    return sleeper < 0 ? undefined : `a lost wake-up: member ${sleeper} sleeps over a ball; ${state}`;
  }

  private roundsOver(rank: number, looks: readonly Look[]): number {
    const suspect = (this.suspects[rank] ??= { sleep: -1, rounds: 0 });
    const look = looks[rank]!;
    const hasBall = look.isPending || this.isHitTo(rank, looks);
    const isSame = look.isAsleep && hasBall && suspect.sleep === look.sleeps;
    suspect.rounds = isSame ? suspect.rounds + 1 : 0;
    suspect.sleep = look.sleeps;
    return suspect.rounds;
  }

  /** Somebody has hit a ball to that member which it has not answered, wherever the ball is: over a network, memory shows it late. */
  private isHitTo(rank: number, looks: readonly Look[]): boolean {
    return looks.some(({ hits }, other) => {
      const theirs = hits[rank] ?? 0;
      const mine = looks[rank]!.hits[other] ?? 0;
      return rank > other ? theirs > mine : theirs === mine && mine > 0 && mine < this.count;
    });
  }
}

/** Runs one hunt to its end, or until something is found. */
export async function stress(
  orders: Omit<Orders, 'rank' | 'members'>,
  env: NodeJS.ProcessEnv = {},
): Promise<StressResult> {
  const members: Member[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    const found = await new Promise<string | undefined>((resolve, reject) => {
      const onEvent = (what?: string): void => {
        if (what !== undefined) resolve(what);
        else if (members.every(member => member.sleeps !== undefined)) resolve(undefined);
      };
      for (let rank = 0; rank < MEMBERS; rank++) {
        members.push(new Member({ ...orders, rank, members: MEMBERS }, env, onEvent));
      }
      const judge = new Judge(orders.count);
      const watch = (): void => {
        const looks = members.flatMap(({ look }) => (look === undefined ? [] : [look]));
        const isComplete = looks.length === members.length;
        const what = judge.judge(isComplete ? looks : undefined);
        if (what !== undefined) resolve(what);
        if (isComplete) for (const member of members) member.askForLook();
      };
      introduce(members).then(() => {
        for (const member of members) {
          member.send('go');
          member.askForLook();
        }
        timer = setInterval(watch, LOOK_EVERY_MS);
      }, reject);
    });
    return { found, sleeps: members.reduce((sum, member) => sum + (member.sleeps ?? 0), 0) };
  } finally {
    clearInterval(timer);
    for (const member of members) member.process.kill('SIGKILL');
    await Promise.all(members.map(member => member.exited));
  }
}

async function introduce(members: readonly Member[]): Promise<void> {
  const introductions: Introduction[] = [];
  for (const member of members) {
    const report = await member.next();
    if (typeof report === 'object' && 'introduction' in report) introductions.push(report.introduction);
  }
  for (const member of members) member.send({ introductions });
  for (const member of members) await member.next();
}
