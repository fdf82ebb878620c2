/**
 * A round of the soak: a group starts, calls all the time, and loses members one after the other, as long as more than half
 * of its view remains; then what it left behind is judged.
 *
 * Nobody is started again here, so a group that has lost what it can bear is followed by another one.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../random.js';
import { checkRound, type RoundVerdict } from './checks/check-round.js';
import type { Fault, FaultPlan } from './fault-plan.js';
import type { CutNetwork } from './group/cut-network.js';
import { GroupTrouble, SoakGroup } from './group/soak-group.js';
import { monotonicMicros } from './member/monotonic.js';
import { readRound, writeFates, type MemberFate } from './round-files.js';

export interface RoundOptions {
  /** Its own, made by it. */
  readonly folder: string;
  readonly members: number;
  readonly fabric: string;
  readonly suspicionMs: number;
  readonly lanes: number;
  readonly random: Random;
  readonly plan: FaultPlan;
  /** Starts Node for members on loopback. */
  readonly execPath: string;
  readonly network: CutNetwork | undefined;
  /** No fault begins after that; `performance.now()`. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/** What happened in a round, or in several. */
export interface FaultCounts {
  readonly kills: number;
  readonly shortPauses: number;
  readonly longPauses: number;
  readonly cuts: number;
  readonly views: number;
  /** Members that others left out though nothing was done to them that explains it. */
  readonly leftOutWithoutCause: number;
  /** Milliseconds from a kill until all others run a view without. */
  readonly afterKill: readonly number[];
  /** Milliseconds from a pause or a cut until then. */
  readonly afterSilence: readonly number[];
}

export interface RoundReport {
  readonly counts: FaultCounts;
  readonly verdict: RoundVerdict;
  /** What must not happen to a group, and ended the round. */
  readonly trouble: GroupTrouble | undefined;
}

/** Between two faults calls flow again, milliseconds. */
const LEAST_CALM_MS = 150;
const MOST_CALM_MS = 500;
/** The second of two that are killed together dies so much later, at most. */
const LONGEST_HASTE_MS = 20;
/** A short pause is so much of the suspicion time. */
const SHORT_PAUSE = 0.5;
/** Who was left out sleeps on for so long while others write, milliseconds. */
const LONGEST_OVERSLEEP_MS = 300;

export async function runRound(options: RoundOptions): Promise<RoundReport> {
  mkdirSync(options.folder);
  const round = new Round(options);
  return round.run();
}

class Round {
  private group!: SoakGroup;
  private readonly expected = new Set<string>();
  private readonly counts = {
    kills: 0,
    shortPauses: 0,
    longPauses: 0,
    cuts: 0,
    afterKill: [] as number[],
    afterSilence: [] as number[],
  };

  constructor(private readonly options: RoundOptions) {}

  async run(): Promise<RoundReport> {
    const { folder, members, fabric, suspicionMs, lanes, random, execPath, network, signal } = this.options;
    const job = { folder, suspicionMs, lanes, seed: String(random.split('clients').next()) };
    this.group = await SoakGroup.start({ members, fabric, job, execPath, network, signal });
    const { group } = this;
    let trouble: GroupTrouble | undefined;
    try {
      await this.live();
    } catch (error) {
      if (!(error instanceof GroupTrouble)) throw error;
      trouble = error;
    } finally {
      await group.end();
      await network?.heal();
    }
    writeFates(
      folder,
      group.ids.map(id => this.fateOf(id, trouble === undefined)),
    );
    const verdict = checkRound(readRound(folder));
    return { counts: this.countsNow(), verdict, trouble };
  }

  private async live(): Promise<void> {
    const { group } = this;
    const { plan, deadline, random } = this.options;
    await group.settled();
    group.tell('begin');
    for (;;) {
      await this.wait(random.between(LEAST_CALM_MS, MOST_CALM_MS));
      await group.settled();
      if (performance.now() > deadline) break;
      const fault = plan.next(group.present);
      if (fault === undefined) break;
      this.note(fault);
      await this.inject(fault);
    }
    if (group.present.length === 0) throw new GroupTrouble('all members halted, and no fault explains that');
    group.tell('stop');
    await group.allSaid('stopped');
    group.tell('testify');
    await group.allSaid('testified');
  }

  private inject(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'kill':
        return this.kill(fault.victims);
      case 'pause':
        return fault.isShort ? this.pauseShortly(fault.victim) : this.pauseForLong(fault.victim);
      case 'cut':
        return this.cut(fault.links);
    }
  }

  private async kill(victims: readonly string[]): Promise<void> {
    const { group, counts } = this;
    const since: number[] = [];
    for (const victim of victims) {
      if (since.length > 0) await this.wait(this.options.random.below(LONGEST_HASTE_MS));
      since.push(group.kill(victim));
      counts.kills++;
    }
    await group.settled();
    victims.forEach((victim, i) => this.noteTime(counts.afterKill, victim, since[i]!));
  }

  private async pauseShortly(victim: string): Promise<void> {
    this.counts.shortPauses++;
    this.group.pause(victim);
    await this.wait(this.options.suspicionMs * SHORT_PAUSE);
    this.group.wake(victim);
    this.group.isUp(victim);
  }

  /** Until the others went on; then it wakes and must notice. What it answers meanwhile is judged with all else. */
  private async pauseForLong(victim: string): Promise<void> {
    const { group, counts } = this;
    counts.longPauses++;
    this.expected.add(victim);
    const since = group.pause(victim);
    await group.settled();
    this.noteTime(counts.afterSilence, victim, since);
    await this.wait(this.options.random.below(LONGEST_OVERSLEEP_MS));
    group.wake(victim);
    await group.halted(victim);
  }

  /** Whoever is left out by it: which of two ends of a link that is, the protocol says. */
  private async cut(links: readonly (readonly [string, string])[]): Promise<void> {
    const { group, counts } = this;
    const network = this.options.network!;
    counts.cuts++;
    const before = group.present;
    const since = monotonicMicros();
    for (const [from, to] of links) await network.cut(from, to);
    await group.settledWithout(before);
    const gone = before.filter(id => !group.present.includes(id));
    for (const id of gone) {
      this.expected.add(id);
      this.noteTime(counts.afterSilence, id, since);
    }
    await network.heal();
  }

  private noteTime(times: number[], victim: string, since: number): void {
    const at = this.group.ranWithoutBy(victim, since);
    if (at !== undefined && this.group.present.length > 0) times.push((at - since) / 1_000);
  }

  private note(fault: Fault): void {
    const line = JSON.stringify({ at: monotonicMicros(), present: this.group.present, ...fault });
    appendFileSync(join(this.options.folder, 'faults.jsonl'), `${line}\n`);
  }

  private wait(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.options.signal });
  }

  /** @param isWhole whether the round came to its end: if not, all who were up then were killed in the middle of something */
  private fateOf(id: string, isWhole: boolean): MemberFate {
    const fate = this.group.fateOf(id);
    if (fate === 'survived') return { id, fate: isWhole ? fate : 'killed', goneAt: undefined };
    return { id, fate, goneAt: this.group.goneAt(id) };
  }

  private countsNow(): FaultCounts {
    const { group } = this;
    const leftOut = group.ids.filter(id => group.fateOf(id) === 'left out' && !this.expected.has(id));
    return { ...this.counts, views: group.lastView + 1, leftOutWithoutCause: leftOut.length };
  }
}
