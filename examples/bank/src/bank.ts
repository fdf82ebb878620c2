/**
 * Bank is the replicated actor of this example: accounts by owner, with transfers between them. It refuses by throwing,
 * and it throws where that is simplest to write, in the middle of its changes: what a command changed before it throws is
 * undone at every replica.
 */
import { ActorError, Command, Query, Replicated } from '@bowecho/actors';
import { Money } from './money.js';

/** A replica at each member, up to so many. */
const EVERY_MEMBER = 64;

@Replicated({ name: 'bank', replicas: EVERY_MEMBER })
export class Bank {
  private accounts = new Map<string, Money>();

  /** @throws ActorError `EXISTS` */
  @Command() open(owner: string, first: Money): void {
    if (this.accounts.has(owner)) throw new ActorError('EXISTS', `${owner} has an account already`);
    this.accounts.set(owner, first);
  }

  /**
   * Moves money and returns what is left to the giver.
   *
   * @throws ActorError `NOT_POSITIVE`, `NO_ACCOUNT`, `INSUFFICIENT` (with `{ have }` in its details), `CURRENCY`
   */
  @Command() transfer(from: string, to: string, amount: Money): Money {
    if (amount.cents <= 0n) throw new ActorError('NOT_POSITIVE', `${String(amount)} cannot be transferred`);
    const have = this.balanceOf(from);
    const left = have.minus(amount);
    this.accounts.set(from, left);
    if (left.cents < 0n) throw new ActorError('INSUFFICIENT', `${from} has ${String(have)}`, { have });
    this.accounts.set(to, this.balanceOf(to).plus(amount));
    return left;
  }

  @Query() balances(): Map<string, Money> {
    return this.accounts;
  }

  /** All accounts together, in cents. */
  @Query() total(): bigint {
    let total = 0n;
    for (const { cents } of this.accounts.values()) total += cents;
    return total;
  }

  private balanceOf(owner: string): Money {
    const balance = this.accounts.get(owner);
    if (balance === undefined) throw new ActorError('NO_ACCOUNT', `${owner} has no account`);
    return balance;
  }
}
