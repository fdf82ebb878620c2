/**
 * What each member does with the bank: the first one opens the accounts, all transfer at once, and the first one shows what
 * became of it. No transfer makes money or loses any, whoever refused it and when, so the total is what it was.
 */
import { ActorError, type Cluster, type Ref } from '@bowecho/actors';
import { Bank } from './bank.js';
import { meet } from './barrier.js';
import { Money } from './money.js';
import { CURRENCY, makeTransfers, OWNERS, STRANGER } from './transfers.js';

/** Transfers of each member. */
export const TRANSFERS = 500;
const FIRST = new Money(10_000n, CURRENCY);
const SEED = 'bank-1';

type Print = (line: string) => void;

/**
 * Plays a member's part, and resolves when all members have played theirs.
 *
 * @throws Error if money was made or lost, or a refused transfer left something behind
 */
export async function play(cluster: Cluster, print: Print = console.log): Promise<void> {
  await cluster.whenReady();
  const bank = cluster.get(Bank, 'eu');
  const isFirst = cluster.id === cluster.view!.members[0];
  if (isFirst) await Promise.all(OWNERS.map(owner => bank.open(owner, FIRST)));
  await meet(cluster, 'opened');

  const outcomes = await makeTransfers(bank, `${SEED}/${cluster.id}`, TRANSFERS);
  const counts = [...outcomes].sort().map(([outcome, count]) => `${outcome} ${count}`);
  print(`${TRANSFERS} transfers: ${counts.join(', ')}`);
  await meet(cluster, 'transferred');

  if (isFirst) {
    await showAccounts(bank, print);
    await showRollback(cluster, bank, print);
  }
  await meet(cluster, 'done');
}

async function showAccounts(bank: Ref<Bank>, print: Print): Promise<void> {
  const expected = FIRST.cents * BigInt(OWNERS.length);
  const rows = [...(await bank.balances())].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [owner, balance] of rows) print(`  ${owner.padEnd(8)}${String(balance).padStart(12)}`);
  for (const [member, total] of await bank.$all.total()) {
    print(`  total at the replica of ${member}: ${String(new Money(total, CURRENCY))}`);
    if (total !== expected) throw new Error(`the total at ${member} is ${total} cents, but was ${expected}`);
  }
}

/** The giver was debited before the bank saw that the taker has no account. Nothing of that is left. */
async function showRollback(cluster: Cluster, bank: Ref<Bank>, print: Print): Promise<void> {
  const before = cluster.digest(Bank);
  const [giver] = [...(await bank.balances())].find(([, { cents }]) => cents > 0n)!;
  const refusal: unknown = await bank
    .transfer(giver, STRANGER, new Money(1n, CURRENCY))
    .catch((error: unknown) => error);
  if (!(refusal instanceof ActorError)) {
    throw new Error(`a transfer to ${STRANGER} was not refused`, { cause: refusal });
  }
  const after = cluster.digest(Bank);
  print(
    `refused (${refusal.code}: ${refusal.message}), and nothing changed: digest ${before}, then ${after}`,
  );
  if (after !== before) throw new Error('a refused transfer left something behind');
}
