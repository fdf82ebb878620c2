/** The bank in a simulated cluster, over seeds: no transfer makes or loses money, and a refused one leaves nothing. */
import { ActorError } from '@bowecho/actors';
import { simulate, type Simulation } from '@bowecho/testing';
import { expect } from 'chai';
import { Bank } from '../src/bank.js';
import { Money } from '../src/money.js';
import { CURRENCY, makeTransfers, OWNERS, transferOf } from '../src/transfers.js';

const NODES = [0, 1, 2];

function eur(cents: bigint): Money {
  return new Money(cents, CURRENCY);
}

async function refusalOf(call: Promise<unknown>): Promise<ActorError<{ have: Money }>> {
  const error: unknown = await call.then(
    () => expect.fail('it was not refused'),
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(ActorError);
  return error as ActorError<{ have: Money }>;
}

async function openAll(sim: Simulation): Promise<void> {
  await Promise.all(OWNERS.map(owner => sim.get(Bank, 'eu').open(owner, eur(10_000n))));
}

describe('the bank', () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    it(`keeps its total while all members transfer at once, seed ${seed}`, async () => {
      using sim = simulate({ nodes: NODES.length, actors: [Bank], seed });
      await openAll(sim);
      const banks = NODES.map(node => sim.get(Bank, 'eu', { node }));
      const outcomes = await Promise.all(
        banks.map((bank, node) => makeTransfers(bank, `${seed}/${node}`, 100)),
      );
      for (const each of outcomes) {
        expect([...each.keys()]).to.include.members(['done', 'NO_ACCOUNT']);
        expect([...each.values()].reduce((sum, count) => sum + count, 0)).to.equal(100);
      }
      expect(outcomes.some(each => each.has('INSUFFICIENT'))).to.equal(true);
      for (const bank of banks) {
        expect(await bank.total()).to.equal(60_000n);
        for (const balance of (await bank.balances()).values()) expect(balance.cents >= 0n).to.equal(true);
      }
      await sim.settle();
      sim.assertTotalOrder();
      expect(new Set(sim.digests(Bank, 'eu'))).to.have.lengthOf(1);
    });
  }

  it('leaves nothing behind of what it refused', async () => {
    using sim = simulate({ actors: [Bank], seed: 1 });
    await openAll(sim);
    const bank = sim.get(Bank, 'eu', { node: 1 });
    await sim.settle();
    const before = sim.digests(Bank, 'eu');

    const short = await refusalOf(bank.transfer('ann', 'bob', eur(10_001n)));
    expect(short).to.include({ code: 'INSUFFICIENT', message: 'ann has 100.00 EUR', didExecute: 'no' });
    expect(short.details?.have).to.deep.equal(eur(10_000n));
    expect(await refusalOf(bank.transfer('ann', 'nobody', eur(1n)))).to.include({ code: 'NO_ACCOUNT' });
    expect(await refusalOf(bank.transfer('nobody', 'ann', eur(1n)))).to.include({ code: 'NO_ACCOUNT' });
    expect(await refusalOf(bank.transfer('ann', 'bob', eur(-1n)))).to.include({ code: 'NOT_POSITIVE' });
    expect(await refusalOf(bank.transfer('ann', 'bob', new Money(1n, 'USD')))).to.include({
      code: 'CURRENCY',
    });
    expect(await refusalOf(bank.open('ann', eur(1n)))).to.include({ code: 'EXISTS' });

    await sim.settle();
    expect(sim.digests(Bank, 'eu')).to.deep.equal(before);
  });

  it('takes a transfer to oneself for what it is: nothing', async () => {
    using sim = simulate({ actors: [Bank], seed: 1 });
    await openAll(sim);
    const bank = sim.get(Bank, 'eu');
    await bank.transfer('ann', 'ann', eur(10_000n));
    expect((await bank.balances()).get('ann')).to.deep.equal(eur(10_000n));
  });

  it('is asked for the same transfers by the same seed', () => {
    expect(transferOf('a', 7)).to.deep.equal(transferOf('a', 7));
    const some = Array.from({ length: 50 }, (_, i) => JSON.stringify(transferOf('a', i), textOfBigint));
    expect(new Set(some).size).to.be.above(45);
  });

  it('writes money as people do', () => {
    const texts = [0n, 5n, 1205n, -1n, -123_456n].map(cents => String(eur(cents)));
    expect(texts).to.deep.equal(['0.00 EUR', '0.05 EUR', '12.05 EUR', '-0.01 EUR', '-1234.56 EUR']);
  });
});

function textOfBigint(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
