/**
 * The transfers that a member asks for: random, and the same ones for the same seed. What becomes of them is not the same
 * in every run, since it depends on the order in which the transfers of all members happen to meet.
 */
import { createHash } from 'node:crypto';
import { ActorError, type Ref } from '@bowecho/actors';
import type { Bank } from './bank.js';
import { Money } from './money.js';

export const CURRENCY = 'EUR';
export const OWNERS = ['ann', 'bob', 'cleo', 'dan', 'eve', 'finn'];
/** Somebody without an account, to whom a transfer cannot go. */
export const STRANGER = 'nobody';
const LARGEST_CENTS = 4_000;
/** Calls in flight. */
const LANES = 16;

export interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly amount: Money;
}

/** Transfer number `index` of the sequence that `seed` names. */
export function transferOf(seed: string, index: number): Transfer {
  const bytes = createHash('sha256').update(`${seed}/${index}`).digest();
  const takers = [...OWNERS, STRANGER];
  return {
    from: OWNERS[bytes.readUInt32LE(0) % OWNERS.length]!,
    to: takers[bytes.readUInt32LE(4) % takers.length]!,
    amount: new Money(BigInt(1 + (bytes.readUInt32LE(8) % LARGEST_CENTS)), CURRENCY),
  };
}

/**
 * Makes the first `count` transfers of a seed, some at a time, and counts what became of them: by the code of the refusal,
 * or as `done`.
 *
 * @throws whatever is no refusal of the bank
 */
export async function makeTransfers(
  bank: Ref<Bank>,
  seed: string,
  count: number,
): Promise<ReadonlyMap<string, number>> {
  const outcomes = new Map<string, number>();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const outcome = await outcomeOf(bank, transferOf(seed, next++));
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return outcomes;
}

async function outcomeOf(bank: Ref<Bank>, { from, to, amount }: Transfer): Promise<string> {
  try {
    await bank.transfer(from, to, amount);
    return 'done';
  } catch (error) {
    if (error instanceof ActorError) return error.code;
    throw error;
  }
}
