/**
 * Where a microsecond goes: an ordered message from `send` to its delivery at the sender, in three processes, stage by stage.
 *
 * Run: node packages/testing/dist/bench/message-path.js [FABRIC...]
 *
 * The stages follow one another at the replica whose acknowledgement came last, so they add up to the whole. Shown are means
 * over the middle half of all messages; docs/benchmarks.md reads them.
 */
import type { Job } from './processes/job.js';
import type { PathReport, PushTimes } from './processes/path-member.js';
import { runJob } from './processes/run-job.js';
import { ringBytesFor } from './ring-size.js';

const MEMBERS = 3;
const SIZE = 100;
const FABRICS = ['shared-memory', 'libfabric-tcp', 'libfabric-shm'];
const STAGES = [
  ['sender', 'turn: queued, framed, published'],
  ['sender', 'push to both replicas'],
  ['way', 'until the last replica looks'],
  ['replica', 'turn: received, counted'],
  ['replica', 'push, until the sender looks'],
  ['sender', 'turn: received, delivered'],
] as const;

/** Microseconds of each stage of one message; undefined where a push was not noted. */
function stagesOf(reports: readonly PathReport[], message: number): number[] | undefined {
  const [sender, ...replicas] = reports.map(({ pushes }) => pushes[message]);
  if (sender === undefined || replicas.some(times => times === undefined)) return undefined;
  const last = (replicas as PushTimes[]).reduce((a, b) => (a.pushed > b.pushed ? a : b));
  const { sent, turn, delivered } = reports[0]!;
  const moments = [
    sent[message]!,
    sender.push,
    sender.pushed,
    last.turn,
    last.push,
    turn[message]!,
    delivered[message]!,
  ];
  return moments.slice(1).map((moment, i) => moment - moments[i]!);
}

const sumOf = (stages: readonly number[]): number => stages.reduce((sum, micros) => sum + micros, 0);

async function measure(fabric: string): Promise<void> {
  const job: Job = {
    fabric,
    size: SIZE,
    senders: 1,
    members: MEMBERS,
    seconds: 0,
    ringBytes: ringBytesFor(SIZE),
  };
  const reports = await runJob<PathReport>('path-member', MEMBERS, job);
  const all = reports[0]!.sent
    .map((_, message) => stagesOf(reports, message))
    .filter(stages => stages !== undefined)
    .sort((a, b) => sumOf(a) - sumOf(b));
  const middle = all.slice(Math.floor(all.length / 4), Math.ceil((all.length * 3) / 4));
  const means = STAGES.map((_, i) => middle.reduce((sum, stages) => sum + stages[i]!, 0) / middle.length);
  console.log(`\n${fabric}: ${sumOf(means).toFixed(1)} us (${all.length} messages)`);
  STAGES.forEach(([who, what], i) => {
    console.log(`  ${who.padEnd(8)} ${what.padEnd(34)} ${means[i]!.toFixed(1).padStart(8)}`);
  });
}

const wanted = process.argv.slice(2);
for (const fabric of wanted.length > 0 ? wanted : FABRICS) await measure(fabric);
