/**
 * runSoak plays rounds until all faults that were asked for have happened, or the time is over, and adds up what they show.
 * What a round wrote is thrown away when nothing was wrong with it, and kept for people where something was.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../random.js';
import { FaultPlan, type FaultBudget } from './fault-plan.js';
import { CutNetwork } from './group/cut-network.js';
import type { ProblemKind } from './checks/round-problem.js';
import { makeNodeWrapper } from './group/node-wrapper.js';
import { runRound, type FaultCounts, type RoundReport } from './round.js';

export interface SoakOptions extends FaultBudget {
  readonly minutes: number;
  /** One between processes. */
  readonly fabric: string;
  readonly seed: string;
  readonly suspicionMs: number;
  readonly signal: AbortSignal;
  /** Hears one line after each round, and of what went wrong. */
  readonly say: (line: string) => void;
}

export interface SoakReport extends FaultCounts {
  readonly rounds: number;
  readonly acknowledged: number;
  readonly reads: number;
  readonly problems: Readonly<Record<ProblemKind, number>>;
  /** Of the stale reads: those of members that had been left out. */
  readonly staleOfLeftOut: number;
  /** Rounds that a trouble ended. */
  readonly troubles: number;
  /** Folders of rounds that show something. */
  readonly kept: readonly string[];
  /** Whether something is wrong. */
  readonly isWrong: boolean;
  /** Whether all faults that were asked for have happened. */
  readonly isDone: boolean;
}

const MEMBERS = 5;
/** Calls under way per member. */
const LANES = 16;
/** Problems of one round that are told. */
const TOLD = 8;
/** Rounds one after the other that do not start because another process took a port. */
const MOST_STARTS = 3;

export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const folder = mkdtempSync(join(tmpdir(), 'bowecho-soak-'));
  let kept: readonly string[] = [];
  const network = options.cuts > 0 ? await CutNetwork.make(MEMBERS, folder) : undefined;
  try {
    const report = await runRounds(options, folder, network);
    ({ kept } = report);
    return report;
  } finally {
    await network?.close();
    if (kept.length === 0) rmSync(folder, { recursive: true });
  }
}

async function runRounds(
  options: SoakOptions,
  folder: string,
  network: CutNetwork | undefined,
): Promise<SoakReport> {
  const { minutes, seed, say } = options;
  const deadline = performance.now() + minutes * 60_000;
  const random = Random.fromSeed(seed);
  const plan = new FaultPlan(options, random.split('plan'));
  const sum = new Sum();
  const execPath = makeNodeWrapper(folder, 'node-of-member');
  let starts = 0;
  for (let i = 1; !plan.isDone && performance.now() < deadline; i++) {
    const name = `round-${i}`;
    const report = await runRound({
      ...options,
      folder: join(folder, name),
      members: MEMBERS,
      lanes: LANES,
      random: random.split(name),
      plan,
      execPath,
      network,
      deadline,
    });
    if (report.trouble?.code === 'ADDRESS_IN_USE' && ++starts < MOST_STARTS) {
      say(`${name} did not start, because another process took a port: ${report.trouble.message}`);
    } else {
      starts = 0;
      const isWrong = sum.add(report, join(folder, name));
      for (const line of linesOf(name, report)) say(line);
      if (isWrong) {
        say(`  its history: ${join(folder, name)}`);
        continue;
      }
    }
    rmSync(join(folder, name), { recursive: true });
  }
  return sum.report(plan.isDone);
}

class Sum {
  private rounds = 0;
  private acknowledged = 0;
  private reads = 0;
  private troubles = 0;
  private isWrong = false;
  private staleOfLeftOut = 0;
  private readonly problems: Record<ProblemKind, number> = {
    lost: 0,
    doubled: 0,
    denied: 0,
    misplaced: 0,
    'unheard-of': 0,
    order: 0,
    state: 0,
    stale: 0,
    unexplained: 0,
    undecided: 0,
  };
  private readonly kept: string[] = [];
  private readonly counts: FaultCounts[] = [];

  /** @returns whether there is something to be looked at */
  add({ counts, verdict, trouble }: RoundReport, folder: string): boolean {
    this.rounds++;
    this.acknowledged += verdict.acknowledged;
    this.reads += verdict.reads;
    this.counts.push(counts);
    if (trouble !== undefined) this.troubles++;
    for (const problem of verdict.problems) {
      this.problems[problem.kind]++;
      if (problem.isOfLeftOut === true) this.staleOfLeftOut++;
    }
    const isWrong = trouble !== undefined || verdict.problems.length > 0;
    this.isWrong ||= isWrong;
    if (isWrong) this.kept.push(folder);
    return isWrong;
  }

  report(isDone: boolean): SoakReport {
    const { rounds, acknowledged, reads, troubles, isWrong, staleOfLeftOut, problems, kept, counts } = this;
    const total = (countOf: (each: FaultCounts) => number): number =>
      counts.reduce((sum, each) => sum + countOf(each), 0);
    return {
      rounds,
      acknowledged,
      reads,
      troubles,
      isWrong,
      isDone,
      staleOfLeftOut,
      problems,
      kept,
      kills: total(each => each.kills),
      shortPauses: total(each => each.shortPauses),
      longPauses: total(each => each.longPauses),
      cuts: total(each => each.cuts),
      views: total(each => each.views),
      leftOutWithoutCause: total(each => each.leftOutWithoutCause),
      afterKill: counts.flatMap(each => each.afterKill),
      afterSilence: counts.flatMap(each => each.afterSilence),
    };
  }
}

function linesOf(name: string, { counts, verdict, trouble }: RoundReport): string[] {
  const { kills, shortPauses, longPauses, cuts, views, leftOutWithoutCause } = counts;
  const { acknowledged, reads, problems } = verdict;
  const without = leftOutWithoutCause > 0 ? `, ${leftOutWithoutCause} left out without cause` : '';
  const pauses = shortPauses + longPauses;
  return [
    `${name}: ${kills} kills, ${pauses} pauses, ${cuts} cuts, ${views} views, ` +
      `${acknowledged} commands, ${reads} reads${without}`,
    ...(trouble === undefined ? [] : [`  trouble: ${trouble.message}`]),
    ...problems.slice(0, TOLD).map(({ kind, sentence }) => `  ${kind}: ${sentence}`),
    ...(problems.length > TOLD ? [`  and ${problems.length - TOLD} more`] : []),
  ];
}
