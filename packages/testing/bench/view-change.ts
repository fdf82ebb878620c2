/**
 * `view-change`: members are processes and call all the time; one of them is killed, or stopped, and the clock runs
 * until all others run the next view. From a group of five three are lost, one after the other; then there is a new
 * group. The floor is the time after which the loss can be known at all: none for a process that is killed, the
 * suspicion time for one that stands still.
 */
import { LocalCluster, type LocalMember } from '@bowecho/actors/local';
import { fileURLToPath } from 'node:url';
import { percentiles } from './latencies.js';
import type { Job } from './processes/job.js';
import type { ViewReport } from './processes/view-change-member.js';
import { costResult, type Result } from './report.js';

const PROGRAM = fileURLToPath(new URL('./processes/view-change-member.js', import.meta.url));
const MEMBERS = 5;
/** With two left, one is not more than half. */
const LOSSES_PER_GROUP = 3;
/** How long a group runs between two losses, so that its calls flow again. */
const BETWEEN_MS = 200;
/** For who is killed, silence tells nothing that is not told before; for who is stopped, silence is all. */
const SUSPICION_MS = { SIGKILL: 2_000, SIGSTOP: 200 } as const;

type Loss = keyof typeof SUSPICION_MS;

export interface ViewChangeOptions {
  readonly fabric: string;
  /** How many members are lost in all. */
  readonly losses: number;
}

export async function benchViewChange(options: ViewChangeOptions): Promise<Result[]> {
  const results: Result[] = [];
  for (const loss of ['SIGKILL', 'SIGSTOP'] as const) {
    const micros: number[] = [];
    while (micros.length < options.losses) {
      const count = Math.min(LOSSES_PER_GROUP, options.losses - micros.length);
      micros.push(...(await loseMembers(loss, count, options.fabric)));
    }
    const { p50, p99 } = percentiles(micros);
    const known = loss === 'SIGKILL' ? 1 : SUSPICION_MS.SIGSTOP;
    for (const [name, value] of [
      ['p50', p50],
      ['p99', p99],
      ['most', Math.max(...micros)],
    ] as const) {
      results.push(
        costResult({
          case: `view-change ${name}`,
          fabric: options.fabric,
          size: 1,
          senders: loss,
          value: value / 1000,
          unit: 'ms',
          floor: known,
          against: loss === 'SIGKILL' ? '1 ms' : 'suspicion',
        }),
      );
    }
  }
  return results;
}

/** Microseconds until all that are left run the next view, loss by loss. */
async function loseMembers(loss: Loss, count: number, fabric: string): Promise<number[]> {
  const job: Job = {
    fabric,
    size: 1,
    senders: MEMBERS,
    members: MEMBERS,
    seconds: 0,
    ringBytes: 64 * 1024,
    suspicionMs: SUSPICION_MS[loss],
  };
  const views = new Map<string, ViewReport>();
  let look: () => void = () => undefined;
  const cluster = await LocalCluster.start({
    file: PROGRAM,
    members: MEMBERS,
    args: [JSON.stringify(job)],
    onLine: (member, { text }) => console.error(`${member.id}: ${text}`),
    onMessage: (member, message) => {
      views.set(member.id, message as ViewReport);
      look();
    },
  });
  let alive: readonly LocalMember[] = cluster.members;
  /** Resolves when all that are alive run a view of exactly them. */
  const settled = (): Promise<void> =>
    new Promise(resolve => {
      const ids = alive.map(({ id }) => id).join();
      look = () => {
        if (alive.every(({ id }) => views.get(id)?.members.join() === ids)) resolve();
      };
      look();
    });
  const times: number[] = [];
  try {
    await settled();
    for (let i = 0; i < count; i++) {
      await new Promise(resolve => setTimeout(resolve, BETWEEN_MS));
      // The oldest, who proposes, as often as another one.
      const victim = alive[i % 2 === 0 ? 0 : alive.length - 1]!;
      alive = alive.filter(member => member !== victim);
      const from = (performance.timeOrigin + performance.now()) * 1000;
      victim.kill(loss);
      await settled();
      times.push(Math.max(...alive.map(({ id }) => views.get(id)!.at)) - from);
    }
  } finally {
    cluster.kill();
    await cluster.ended();
  }
  return times;
}
