/**
 * The program of a member of the soak. It runs until it is killed; a member that the others left out goes on calling until
 * it hears of that, because what it is answered meanwhile is what the soak wants to know.
 */
import { BowechoError, createCluster, type Cluster } from '@bowecho/actors';
import { Random } from '../../random.js';
import { Client } from './client.js';
import { CommandList } from './command-list.js';
import { fileLog } from './file-log.js';
import { MemberFiles } from './member-files.js';
import type { MemberJob, Message, Order } from './messages.js';
import { monotonicMicros } from './monotonic.js';

/** Reads of states that are under way at a time. */
const READS_AT_ONCE = 100;

const job = JSON.parse(process.argv[2]!) as MemberJob;
const id = process.env['BOWECHO_ID']!;

function say(message: Message, onSaid: () => void = () => undefined): void {
  if (process.connected) process.send!(message, undefined, {}, onSaid);
}

function fail(error: unknown): void {
  const code = error instanceof BowechoError ? error.code : undefined;
  say({ kind: 'failed', code, sentence: String(error) }, () => process.exit(1));
}

/** All lists as this member has them, after everything that any member was answered. */
async function stateOf(cluster: Cluster): Promise<Map<string, string[]>> {
  const state = new Map<string, string[]>();
  const keys = cluster.keys(CommandList);
  for (let from = 0; from < keys.length; from += READS_AT_ONCE)
    await Promise.all(
      keys.slice(from, from + READS_AT_ONCE).map(async key => {
        state.set(key, await cluster.get(CommandList, key).all());
      }),
    );
  return state;
}

async function run(): Promise<void> {
  const files = new MemberFiles(job.folder, id);
  CommandList.onApplied = (key, command) => files.applied(key, command);
  const orders: Partial<Record<Order, () => void>> = {};
  const told = (order: Order): Promise<void> => new Promise(resolve => (orders[order] = resolve));
  const [begin, stop, testify] = [told('begin'), told('stop'), told('testify')];
  process.on('message', (order: Order) => orders[order]!());

  const cluster = await createCluster({
    actors: [CommandList],
    log: fileLog(job.folder, id),
    // Small, so that it is written round and round.
    ringBytes: 64 * 1024,
    suspicionTimeout: job.suspicionMs,
    callTimeout: 60_000,
  });
  cluster.on('view', ({ id: view, members }) => {
    files.view(view, members);
    say({ kind: 'view', id: view, members, at: monotonicMicros() });
  });
  cluster.on('halted', reason => say({ kind: 'halted', reason }));
  await cluster.whenReady();
  await begin;
  const random = Random.fromSeed(job.seed).split(id);
  const listOf = (key: string) => cluster.get(CommandList, key);
  const client = new Client({ id, lanes: job.lanes, random, files, listOf });
  await stop;
  await client.stop();
  say({ kind: 'stopped' });
  await testify;
  files.state(await stateOf(cluster));
  say({ kind: 'testified' });
}

run().catch(fail);
