/**
 * What each member does with the store: all race for the rounds of one key, by compare-and-set and nothing else, and count
 * the rounds that they won. Each round has one winner, so the wins of all members together are the rounds.
 */
import type { Cluster, Ref } from '@bowecho/actors';
import { meet } from './barrier.js';
import { ABSENT, KeyValue, type Entry } from './key-value.js';

/** Rounds that are raced for, by all members together. */
export const ROUNDS = 60;
const BATON = 'baton';
const TOTAL = 'total';
const WINS = 'wins/';
const MOST_MEMBERS = 64;

type Print = (line: string) => void;

/**
 * Plays a member's part, and resolves when all members have played theirs.
 *
 * @throws Error if the store lost a win or made one up
 */
export async function play(cluster: Cluster, print: Print = console.log): Promise<void> {
  await cluster.whenReady();
  const store = cluster.get(KeyValue, 'race');
  const { wins, reads, behind } = await race(store);
  await store.put(WINS + cluster.id, String(wins));
  print(`won ${wins} of ${ROUNDS} rounds; ${behind} of ${reads} local reads were behind the default ones`);
  await meet(cluster, 'raced');
  if (cluster.id === cluster.view!.members[0]) await showWins(store, print);
  await meet(cluster, 'done');
}

async function race(store: Ref<KeyValue>): Promise<{ wins: number; reads: number; behind: number }> {
  const nearby = store.$with({ read: 'local' });
  let wins = 0;
  let reads = 0;
  let behind = 0;
  for (;;) {
    // The local read answers at once; the default one first waits for what has arrived at this member and is not yet
    // delivered. Neither sends anything.
    const [local, latest] = await Promise.all([nearby.get(BATON), store.get(BATON)]);
    reads++;
    if (versionOf(local) < versionOf(latest)) behind++;
    const round = Number(latest?.value ?? 0);
    if (round === ROUNDS) return { wins, reads, behind };
    const { won } = await store.cas(BATON, versionOf(latest), String(round + 1));
    if (!won) continue;
    wins++;
    await countUp(store, TOTAL);
  }
}

/** Adds one to a number that all members add to: whoever comes second tries again with what it was told. */
async function countUp(store: Ref<KeyValue>, key: string): Promise<void> {
  let before = await store.get(key);
  for (;;) {
    const { won, entry } = await store.cas(key, versionOf(before), String(Number(before?.value ?? 0) + 1));
    if (won) return;
    before = entry;
  }
}

async function showWins(store: Ref<KeyValue>, print: Print): Promise<void> {
  const rows = await store.scan(WINS, MOST_MEMBERS);
  const sum = rows.reduce((total, [, { value }]) => total + Number(value), 0);
  const counted = Number((await store.get(TOTAL))?.value);
  const each = rows.map(([key, { value }]) => `${key.slice(WINS.length)} ${value}`).join(', ');
  print(`wins: ${each}; together ${sum} of ${ROUNDS}, and the shared counter says ${counted}`);
  const sizes = [...(await store.$all.size())].map(([member, size]) => `${member} ${size}`).join(', ');
  print(`keys at each replica: ${sizes}`);
  if (sum !== ROUNDS || counted !== ROUNDS) {
    throw new Error(`${ROUNDS} rounds, but ${sum} wins and a counter of ${counted}`);
  }
}

function versionOf(entry: Entry | undefined): number {
  return entry?.version ?? ABSENT;
}
