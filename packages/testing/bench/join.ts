/**
 * `join`: three members with much state, each a process; one is killed, and started again while the other two write to the
 * state all the time. It learns all of it from one of them and is let in. Measured until it runs a view with them: how long
 * that takes, how much the two still answer, and the longest time in which one of them answered nothing. Beside it what the
 * same two did before the third was killed; and for the time, how long one thread needs to pack and unpack as much.
 */
import { LocalCluster, type LocalMember } from '@bowecho/actors/local';
import type * as Msgpackr from 'msgpackr';
import * as withoutNative from 'msgpackr/pack';
import { fileURLToPath } from 'node:url';
import type { Job } from './processes/job.js';
import type { JoinReport, JoinRequest } from './processes/join-member.js';
import { costResult, rateResult, type Result } from './report.js';

/** As the product loads it; the front door of the package would add an exception to longer texts. */
const { Packr } = withoutNative as unknown as typeof Msgpackr;

const PROGRAM = fileURLToPath(new URL('./processes/join-member.js', import.meta.url));
const MEMBERS = 3;
const MEBIBYTE = 1024 * 1024;

export interface JoinOptions {
  readonly fabric: string;
  /** Bytes of the state of one key. */
  readonly size: number;
  /** How much state there is in all. */
  readonly mebibytes: number;
  /** How long the two are watched before the third is killed. */
  readonly seconds: number;
}

interface Counted {
  /** Answers a second of both. */
  readonly rate: number;
  /** Microseconds. */
  readonly longestGap: number;
}

export async function benchJoin({ fabric, size, mebibytes, seconds }: JoinOptions): Promise<Result[]> {
  const keys = Math.max(1, Math.floor((mebibytes * MEBIBYTE) / size));
  const shape = { fabric, size, senders: `${mebibytes} MiB` };
  const { before, during, micros } = await join({
    fabric,
    size,
    keys,
    senders: MEMBERS,
    members: MEMBERS,
    seconds,
    ringBytes: 4 * MEBIBYTE,
  });
  const milliseconds = (count: number): number => count / 1000;
  return [
    costResult({
      ...shape,
      case: 'join',
      value: milliseconds(micros),
      unit: 'ms',
      floor: packingMillis(size, keys),
      against: 'codec',
    }),
    rateResult({
      ...shape,
      case: 'join rate',
      value: during.rate,
      unit: 'commands/s',
      floor: before.rate,
      against: 'no join',
    }),
    costResult({
      ...shape,
      case: 'join gap',
      value: milliseconds(during.longestGap),
      unit: 'ms',
      floor: milliseconds(before.longestGap),
      against: 'no join',
    }),
  ];
}

async function join(job: Job): Promise<{ before: Counted; during: Counted; micros: number }> {
  /** By member: what it said last. */
  const said = new Map<string, JoinReport>();
  let look: () => void = () => undefined;
  const cluster = await LocalCluster.start({
    file: PROGRAM,
    members: MEMBERS,
    args: [JSON.stringify(job)],
    onLine: (member, { text }) => console.error(`${member.id}: ${text}`),
    onMessage: (member, message) => {
      said.set(member.id, message as JoinReport);
      look();
    },
  });
  const until = (isReached: () => boolean): Promise<void> =>
    new Promise(resolve => {
      look = () => {
        if (isReached()) resolve();
      };
      look();
    });
  const ask = async (
    members: readonly LocalMember[],
    request: JoinRequest,
    answer: JoinReport['kind'],
  ): Promise<void> => {
    for (const member of members) said.delete(member.id);
    for (const member of members) await member.send(request);
    await until(() => members.every(({ id }) => said.get(id)?.kind === answer));
  };
  const areIn = (count: number): Promise<void> =>
    until(() =>
      cluster.running.every(({ id }) => {
        const last = said.get(id);
        return last?.kind === 'in' && last.members.length === count;
      }),
    );
  const count = async (members: readonly LocalMember[]): Promise<Counted> => {
    await ask(members, 'tell', 'counted');
    const all = members.map(({ id }) => said.get(id) as JoinReport & { kind: 'counted' });
    return {
      rate: all.reduce((sum, { answers, micros }) => sum + (answers / micros) * 1e6, 0),
      longestGap: Math.max(...all.map(({ longestGap }) => longestGap)),
    };
  };
  try {
    await areIn(MEMBERS);
    await ask(cluster.members, 'fill', 'filled');
    const [first, ...there] = cluster.members;
    for (const member of there) await member.send('count' satisfies JoinRequest);
    await new Promise(resolve => setTimeout(resolve, job.seconds * 1000));
    const before = await count(there);
    first!.kill('SIGKILL');
    await first!.ended;
    await areIn(MEMBERS - 1);
    for (const member of there) await member.send('count' satisfies JoinRequest);
    const from = (performance.timeOrigin + performance.now()) * 1000;
    await cluster.restart('n1');
    await areIn(MEMBERS);
    const micros = Math.max(
      ...cluster.members.map(({ id }) => (said.get(id) as JoinReport & { kind: 'in' }).at - from),
    );
    return { before, during: await count(there), micros };
  } finally {
    cluster.kill();
    await cluster.ended();
  }
}

/** What one thread needs to pack so much state, and unpack it again. */
function packingMillis(size: number, keys: number): number {
  const packr = new Packr({ moreTypes: true });
  const text = 'x'.repeat(size);
  const from = performance.now();
  for (let key = 0; key < keys; key++) packr.unpack(packr.pack([`k${key}`, { text: `${key} ${text}` }]));
  return performance.now() - from;
}
