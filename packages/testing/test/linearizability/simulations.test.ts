/**
 * Goal: a user's test can ask whether callers saw one object, and is told which answer was wrong. Method: simulations of a small
 * bank, well and with a node that crashes; and the shipped code with bugs that callers can see.
 */
import { ActorError, BowechoError, Command, Query, Replica, Replicated, ctx } from '@bowecho/actors';
import { Multicast } from '@bowecho/core';
import { CheckError, Random, simulate, type Fault, type Simulation } from '@bowecho/testing';
import { expect } from 'chai';
import { crash } from '../actors/crash.js';
import { replaceGetter, replaceMethod, type Restore } from '../mutants/mutant.js';

@Replicated({ name: 'linearizable-account' })
class Account {
  private cents = 0;
  private readonly log: string[] = [];

  @Command() deposit(cents: number): number {
    this.log.push(`+${cents}`);
    return (this.cents += cents);
  }

  @Command() withdraw(cents: number): number {
    if (cents > this.cents) throw new ActorError('SHORT', `${this.cents} cents`, { have: this.cents });
    this.log.push(`-${cents}`);
    return (this.cents -= cents);
  }

  @Command() close(): void {
    ctx.destroy();
  }

  @Query() balance(): number {
    return this.cents;
  }

  @Query() entries(): string[] {
    return this.log;
  }
}

@Replicated({ name: 'linearizable-guests' })
class Guests {
  private readonly seats = new Map<string, number>();

  @Command() seat(name: string): void {
    this.seats.set(name, 1);
  }

  @Query() inOrder(): string[] {
    return [...this.seats.keys()];
  }
}

@Replicated({ name: 'linearizable-watcher' })
class Watcher {
  private views = 0;

  @Command() seen(): number {
    return this.views;
  }

  onViewChange(): void {
    this.views++;
  }
}

/** Callers at all nodes call two accounts, several at a time. */
async function play(seed: number, faults: readonly Fault[] = []): Promise<Simulation> {
  const sim = simulate({ actors: [Account], seed, faults });
  const random = Random.fromSeed(seed);
  const calls: Promise<unknown>[] = [];
  for (let i = 0; i < 60; i++) {
    const account = sim.get(Account, random.pick(['ann', 'bob']), { node: i % 3 });
    const call = random.pick([
      () => account.deposit(random.between(1, 8)),
      () => account.withdraw(random.between(1, 8)),
      () => account.balance(),
      () => account.entries(),
      () => account.$with({ read: 'local' }).balance(),
    ]);
    if (random.chance(0.05)) account.$tell.deposit(100);
    const made = random.chance(0.05) ? [call(), account.close()] : [call()];
    calls.push(Promise.allSettled(made));
    await sim.run(random.between(1, 4));
  }
  await Promise.all(calls);
  await sim.settle();
  return sim;
}

/** What the first of so many seeds is stopped by. */
async function hunt(plant: () => Restore, seeds = 40): Promise<string> {
  for (let seed = 0; seed < seeds; seed++) {
    const restore = plant();
    try {
      const sim = await play(seed);
      restore(); // who judges runs handlers as well
      sim.assertLinearizable(Account);
    } catch (error) {
      if (!(error instanceof CheckError)) throw error;
      return `${error.violation.checker}: ${error.violation.sentence}`;
    } finally {
      restore();
    }
  }
  return 'nothing';
}

describe('assertLinearizable', () => {
  it('finds nothing in what is shipped, also where a node crashes', async () => {
    for (let seed = 0; seed < 30; seed++) {
      const sim = await play(seed, seed % 2 === 0 ? [] : [crash(seed % 3, 80)]);
      sim.assertLinearizable(Account);
      sim[Symbol.dispose]();
    }
  });

  it('finds reads that do not wait for what others were answered', async () => {
    const found = await hunt(() => replaceGetter(Multicast, 'isDelivered', () => true));
    expect(found).to.match(
      /^linearizable: no order of the calls to linearizable-account "(ann|bob)" explains what (balance|entries) answered at node \d$/,
    );
  });

  it('finds commands that are answered by another amount than they changed', async () => {
    const found = await hunt(() =>
      replaceMethod<Replica, Parameters<Replica['command']>, ReturnType<Replica['command']>>(
        Replica,
        'command',
        original =>
          function (key, method, args, at) {
            if (method.name === 'deposit' && at.ordinal % 7 === 3) original.call(this, key, method, args, at);
            return original.call(this, key, method, args, at);
          },
      ),
    );
    expect(found).to.match(/^linearizable: no order /);
  });

  it('names the calls by which it was stuck', async () => {
    using sim = simulate({ actors: [Account], seed: 1 });
    const ann = sim.get(Account, 'ann');
    await ann.deposit(5);
    await ann.balance();
    sim.history.calls[1]!.outcome = { value: 6 };
    expect(() => sim.assertLinearizable(Account))
      .to.throw(CheckError, 'explains what balance answered at node 0')
      .with.nested.property('violation.lines[0]')
      .that.matches(/^[\d.]+ ms n0 linearizable-account\("ann"\)\.balance\(\) -> 6 after [\d.]+ ms$/);
  });

  it('takes arguments as they were sent, and errors for answers', async () => {
    using sim = simulate({ actors: [Account], seed: 2 });
    const ann = sim.get(Account, 'ann');
    await ann.withdraw(1).catch((error: unknown) => expect(error).to.be.instanceOf(ActorError));
    sim.assertLinearizable(Account);
    sim.history.calls[0]!.outcome = { error: new ActorError('SHORT', '0 cents', { have: 1 }) };
    expect(() => sim.assertLinearizable(Account)).to.throw(CheckError);
  });

  it('knows that states differ by the order of a Map', async () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      using sim = simulate({ actors: [Guests], seed });
      await Promise.all(
        ['ann', 'bob', 'cid'].map((name, node) => sim.get(Guests, 'table', { node }).seat(name)),
      );
      orders.add((await sim.get(Guests, 'table').inOrder()).join());
      sim.assertLinearizable(Guests);
    }
    expect(orders.size, 'orders').to.be.greaterThan(1);
  });

  it('counts a command by $all once, and no query by $all', async () => {
    using sim = simulate({ actors: [Account], seed: 4 });
    const ann = sim.get(Account, 'ann');
    expect([...(await ann.$all.deposit(5)).values()]).to.deep.equal([5, 5, 5]);
    await ann.$all.balance();
    expect(await ann.deposit(1)).to.equal(6);
    sim.assertLinearizable(Account);
    sim.history.calls[0]!.outcome = { value: new Map([['n0', 4]]) };
    expect(() => sim.assertLinearizable(Account)).to.throw(CheckError, 'what deposit answered');
  });

  it('says what it cannot judge', async () => {
    using sim = simulate({ actors: [Watcher], seed: 3, faults: [crash(2, 500)] });
    await sim.get(Watcher, 'w', { node: 0 }).seen();
    sim.assertLinearizable(Watcher);
    await sim.run(4_000);
    expect(() => sim.assertLinearizable(Watcher)).to.throw(BowechoError, 'onViewChange has run');
  });
});
