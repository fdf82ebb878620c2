/**
 * `simulator`: small failure-free worlds (3 members, up to 300 events) a second, with all checkers on. The floor is the
 * target.
 */
import { runSeeds } from '@bowecho/testing';
import type { BenchOptions } from './measure.js';
import { rateResult, type Result } from './report.js';

/** What a core is asked for, at least. */
const TARGET_SEEDS_PER_SECOND = 1000;

export function benchSimulator({ seconds }: BenchOptions): Result[] {
  const warmUp = runSeeds({ from: 1_000_000, count: 200, profile: 'small' });
  const count = Math.max(200, Math.round((warmUp.seeds / warmUp.seconds) * seconds));
  const run = runSeeds({ from: 0, count, profile: 'small' });
  const value = run.seeds / run.seconds;
  return [
    rateResult({
      case: 'simulator',
      fabric: 'simulated',
      size: 0,
      senders: 'all',
      value,
      unit: 'seeds/s',
      floor: TARGET_SEEDS_PER_SECOND,
      against: 'target',
    }),
  ];
}
