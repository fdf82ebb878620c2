/**
 * The cases on three processes. Each has floors of the same run: a copy of the bytes, or bare writes of the same fabric in the
 * same sizes; what plain TCP between as many Node processes does; a round trip between two processes that are woken in the
 * same way; the codec alone.
 */
import { floorRate } from './command.js';
import type { Percentiles } from './latencies.js';
import { median, rateOf, type BenchOptions } from './measure.js';
import type { Job } from './processes/job.js';
import type { RawReport } from './processes/raw-member.js';
import { runJob } from './processes/run-job.js';
import { ringBytesFor } from './ring-size.js';
import { costResult, rateResult, type Result } from './report.js';

const MEMBERS = 3;

/** What is measured on which fabric. */
export interface BetweenOptions extends BenchOptions {
  readonly fabric: string;
}

function jobOf(size: number, senders: number, { seconds, fabric }: BetweenOptions, kind?: string): Job {
  return {
    fabric,
    size,
    senders,
    members: MEMBERS,
    seconds,
    ringBytes: ringBytesFor(size),
    ...(kind !== undefined && { kind }),
  };
}

const SENDERS = [
  ['all', MEMBERS],
  ['one', 1],
] as const;

export async function benchRawBetween(sizes: readonly number[], options: BetweenOptions): Promise<Result[]> {
  const results: Result[] = [];
  const { fabric } = options;
  for (const size of sizes) {
    for (const [senders, count] of SENDERS) {
      const reports = await runJob<RawReport>('raw-member', MEMBERS, jobOf(size, count, options));
      const value = median(reports.map(({ rate }) => rate));
      const what = { case: 'raw', fabric, size, senders, value, unit: 'messages/s' };
      const [writes, pushes, bytes] = (['writes', 'pushes', 'bytes'] as const).map(name =>
        reports.reduce((sum, one) => sum + one[name], 0),
      ) as [number, number, number];
      if (pushes === 0) {
        results.push(rateResult({ ...what, floor: copyRate(size, options), against: 'copies' }));
      } else {
        const writeBytes = Math.max(8, Math.round(bytes / writes / 8) * 8);
        const job = { ...jobOf(size, count, options), writeBytes };
        const floor = median(await runJob<number>('write-member', MEMBERS, job)) / size;
        results.push(rateResult({ ...what, floor, against: `bare writes of ${writeBytes}` }));
        const perPush = { ...what, case: 'raw writes', unit: 'a push and peer', value: writes / pushes };
        results.push(costResult({ ...perPush, floor: 1, against: 'one' }));
      }
      for (const kind of ['corked', 'packed']) {
        const job = jobOf(size, count, options, kind);
        const floor = median(await runJob<number>('tcp-member', MEMBERS, job));
        results.push(rateResult({ ...what, floor, against: `TCP, ${kind}` }));
      }
    }
  }
  return results;
}

/** How often a core copies so many bytes a second, into a ring like those of members. */
function copyRate(size: number, options: BenchOptions): number {
  const payload = new Uint8Array(size).fill(1);
  const ring = new Uint8Array(ringBytesFor(size));
  let at = 0;
  return rateOf(() => {
    for (let i = 0; i < 100; i++) {
      if (at + size > ring.length) at = 0;
      ring.set(payload, at);
      at += size;
    }
    return 100;
  }, options);
}

export async function benchCommandBetween(
  sizes: readonly number[],
  options: BetweenOptions,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const size of sizes) {
    const floor = await floorRate('m'.repeat(size), options);
    for (const [senders, count] of SENDERS) {
      const rates = await runJob<number>('actor-member', MEMBERS, jobOf(size, count, options, 'command'));
      const value = rates.reduce((sum, rate) => sum + rate, 0);
      const unit = 'commands/s';
      results.push(
        rateResult({
          case: 'command',
          fabric: options.fabric,
          size,
          senders,
          value,
          unit,
          floor,
          against: 'codec',
        }),
      );
    }
  }
  return results;
}

export async function benchLatencyBetween(
  kind: 'latency' | 'latency-idle',
  size: number,
  options: BetweenOptions,
): Promise<Result[]> {
  const job = jobOf(size, 1, options, kind);
  const [floor] = await runJob<Percentiles>('ping-pong-member', MEMBERS, job);
  const [value] = await runJob<Percentiles>('actor-member', MEMBERS, job);
  return (['p50', 'p99'] as const).map(which =>
    costResult({
      case: `${kind} ${which}`,
      fabric: options.fabric,
      size,
      senders: 'one',
      value: value![which],
      unit: 'us',
      floor: floor![which],
      against: 'ping-pong',
    }),
  );
}

export async function benchIdleBetween(options: BetweenOptions): Promise<Result[]> {
  const job = jobOf(100, 0, options, 'idle-cpu');
  const bare = median(await runJob<number>('idle-process', MEMBERS, job));
  const value = median(await runJob<number>('actor-member', MEMBERS, job));
  return [
    costResult({
      case: 'idle-cpu',
      fabric: options.fabric,
      size: 0,
      senders: '-',
      value,
      unit: '% of a core',
      floor: Math.max(bare, SMALLEST_PERCENT),
      against: 'bare Node',
    }),
  ];
}

/** A process that uses less than this in the time of a bench uses nothing that can be measured. */
const SMALLEST_PERCENT = 0.1;
