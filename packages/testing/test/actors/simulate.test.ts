/**
 * Users' actors in the simulator: what product and protocol promise to callers, over seeds. `SIM_SEED` replays one.
 */
import { ActorError, BowechoError, RemoteError } from '@bowecho/actors';
import { CheckError, simulate, type Simulation } from '@bowecho/testing';
import { expect } from 'chai';
import { Bank, Counter, Gambler, Money, Sampler, Telemetry, Witness } from './example-actors.js';

const SEEDS = process.env['SIM_SEED'] === undefined ? [...Array(40).keys()] : [process.env['SIM_SEED']];

/** Runs `body` in a world per seed; a failure says which. */
async function overSeeds(
  options: Omit<Parameters<typeof simulate>[0], 'seed'>,
  body: (sim: Simulation) => Promise<void>,
): Promise<void> {
  for (const seed of SEEDS) {
    using sim = simulate({ ...options, seed });
    try {
      await body(sim);
      await sim.settle();
      sim.assertTotalOrder();
    } catch (error) {
      console.error(`replay with SIM_SEED=${seed}\n${sim.history.describe()}`.slice(0, 4000));
      throw error;
    }
  }
}

async function failureOf(call: Promise<unknown>): Promise<BowechoError | ActorError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof BowechoError || error instanceof ActorError) return error;
    throw error;
  }
  throw new Error('the call did not fail');
}

describe('simulated actors', () => {
  it('apply every command once, at every replica, whoever sends', async () => {
    await overSeeds({ actors: [Bank] }, async sim => {
      const banks = [0, 1, 2].map(node => sim.get(Bank, 'eu', { node }));
      const calls = Array.from({ length: 60 }, (_, i) =>
        banks[i % 3]!.deposit(`owner ${i % 4}`, new Money(1n, 'EUR')),
      );
      const results = await Promise.all(calls);
      expect(Math.max(...results.map(money => Number(money.cents)))).to.equal(15);
      for (const bank of banks) {
        expect(await bank.balance('owner 0')).to.deep.equal(new Money(15n, 'EUR'));
        expect(await bank.entries()).to.equal(60);
      }
      expect(new Set(sim.digests(Bank, 'eu'))).to.have.lengthOf(1);
    });
  });

  it('answer a query at any member with all that was answered to any caller before', async () => {
    await overSeeds({ actors: [Counter] }, async sim => {
      for (let i = 1; i <= 12; i++) {
        await sim.get(Counter, 'c', { node: i % 3 }).add(1);
        expect(await sim.get(Counter, 'c', { node: (i + 1) % 3 }).read()).to.equal(i);
      }
    });
  });

  it('answer the calls of one caller in the order of calling', async () => {
    await overSeeds({ actors: [Counter] }, async sim => {
      const order: number[] = [];
      const counter = sim.get(Counter, 'c', { node: 1 });
      const calls = Array.from({ length: 20 }, () => counter.add(1).then(value => order.push(value)));
      await Promise.all(calls);
      expect(order).to.deep.equal([...Array(20).keys()].map(i => i + 1));
    });
  });

  it('roll back what a handler threw over, and tell its caller the kind of throw', async () => {
    await overSeeds({ actors: [Bank] }, async sim => {
      const bank = sim.get(Bank, 'eu', { node: 1 });
      await bank.deposit('ann', new Money(5n, 'EUR'));
      await sim.settle();
      const [before] = sim.digests(Bank, 'eu');

      const refusal = await failureOf(bank.withdraw('ann', new Money(6n, 'EUR')));
      expect(refusal).to.be.instanceOf(ActorError);
      expect(refusal).to.deep.include({ code: 'INSUFFICIENT', message: 'ann is short', didExecute: 'no' });
      expect((refusal as ActorError<{ have: Money }>).details).to.deep.equal({ have: new Money(5n, 'EUR') });

      const crash = await failureOf(bank.breakDown());
      expect(crash).to.be.instanceOf(RemoteError);
      expect(crash).to.include({ code: 'HANDLER_THREW', remoteName: 'TypeError', didExecute: 'no' });
      expect(crash.message).to.equal('TypeError: undefined is not a function');

      expect(await failureOf(bank.leaveAPromise())).to.include({ code: 'ASYNC_HANDLER', didExecute: 'no' });
      const unsendable = await failureOf(bank.returnAFunction());
      expect(unsendable).to.include({ code: 'NOT_SERIALIZABLE', didExecute: 'no' });
      expect(unsendable.message).to.include('result.callback');
      expect(await failureOf(bank.sneak())).to.include({ code: 'READ_ONLY' });

      await sim.settle();
      expect(new Set([before, ...sim.digests(Bank, 'eu')])).to.have.lengthOf(1);
    });
  });

  it('have given no instance to a key whose first command threw', async () => {
    await overSeeds({ actors: [Bank] }, async sim => {
      const bank = sim.get(Bank, 'new');
      await failureOf(bank.withdraw('ann', new Money(1n, 'EUR')));
      await sim.settle();
      expect(sim.digests(Bank, 'new')).to.deep.equal([]);
    });
  });

  it('hand out copies: nobody outside holds a piece of the state', async () => {
    using sim = simulate({ actors: [Bank], seed: 1 });
    const bank = sim.get(Bank, 'eu');
    const mine = await bank.deposit('ann', new Money(5n, 'EUR'));
    (mine as { cents: bigint }).cents = 1_000_000n;
    (await bank.all()).clear();
    expect(await bank.balance('ann')).to.deep.equal(new Money(5n, 'EUR'));
    expect(await bank.all())
      .to.be.instanceOf(Map)
      .with.lengthOf(1);
  });

  it('ask every replica by $all', async () => {
    await overSeeds({ actors: [Bank] }, async sim => {
      const bank = sim.get(Bank, 'eu', { node: 2 });
      await bank.deposit('ann', new Money(5n, 'EUR'));
      const answers = await bank.$all.balance('ann');
      expect([...answers.keys()]).to.deep.equal(['n0', 'n1', 'n2']);
      for (const answer of answers.values()) expect(answer).to.deep.equal(new Money(5n, 'EUR'));
      const commanded = await bank.$all.deposit('ann', new Money(1n, 'EUR'));
      expect([...commanded.values()].map(money => money.cents)).to.deep.equal([6n, 6n, 6n]);
      expect(await failureOf(bank.$all.withdraw('ann', new Money(9n, 'EUR')))).to.include({
        code: 'INSUFFICIENT',
      });
      expect(await bank.balance('ann')).to.deep.equal(new Money(6n, 'EUR'));
    });
  });

  it('take calls without an answer, whose failures become dead letters', async () => {
    using sim = simulate({ actors: [Bank], seed: 5 });
    const bank = sim.get(Bank, 'eu');
    expect(bank.$tell.deposit('ann', new Money(5n, 'EUR'))).to.equal(undefined);
    bank.$tell.withdraw('ann', new Money(6n, 'EUR'));
    bank.$tell.deposit('ann', 5 as unknown as Money);
    await sim.settle();
    expect(await bank.balance('ann')).to.deep.equal(new Money(5n, 'EUR'));
    expect(sim.deadLetters.map(error => (error as BowechoError).code)).to.have.members([
      'INSUFFICIENT',
      'ARGUMENT_INVALID',
    ]);
  });

  it('end an instance by ctx.destroy, after the command', async () => {
    await overSeeds({ actors: [Bank] }, async sim => {
      const bank = sim.get(Bank, 'eu');
      await bank.deposit('ann', new Money(5n, 'EUR'));
      await bank.close();
      expect(await bank.balance('ann')).to.equal(undefined);
      await sim.settle();
      expect(sim.digests(Bank, 'eu')).to.deep.equal([]);
    });
  });

  it('get the same time, ids and random numbers at every replica, and never the same id twice', async () => {
    await overSeeds({ actors: [Witness] }, async sim => {
      const calls = Array.from({ length: 30 }, (_, i) =>
        sim.get(Witness, `k${i % 2}`, { node: i % 3 }).look(),
      );
      const ids = await Promise.all(calls);
      expect(new Set(ids)).to.have.lengthOf(30);
      const lines = [...(await sim.get(Witness, 'k0').lines()), ...(await sim.get(Witness, 'k1').lines())];
      const words = lines.map(line => line.split(' '));
      expect(new Set(words.flatMap(([, , first, second]) => [first, second]))).to.have.lengthOf(60);
      expect(new Set(words.flatMap(([, , , , first, second]) => [first, second]))).to.have.lengthOf(60);
    });
  });

  it('never get the same id twice in unordered mode either', async () => {
    await overSeeds({ actors: [Sampler] }, async sim => {
      const calls = Array.from({ length: 24 }, (_, i) =>
        sim.get(Sampler, `k${i % 2}`, { node: i % 3 }).mark(),
      );
      expect(new Set(await Promise.all(calls))).to.have.lengthOf(24);
    });
  });

  it('are told the view they are born into before their first command', async () => {
    using sim = simulate({ actors: [Witness], seed: 1 });
    const witness = sim.get(Witness, 'k');
    await witness.look();
    await witness.look();
    expect(await witness.viewIds()).to.deep.equal([0, 3, 3]);
  });

  it('spread keys over shards and shards over nodes', async () => {
    using sim = simulate({ nodes: 5, actors: [Counter], seed: 2 });
    const keys = Array.from({ length: 40 }, (_, i) => `key ${i}`);
    await Promise.all(keys.map(key => sim.get(Counter, key).add(1)));
    await sim.settle();
    for (const key of keys) expect(sim.digests(Counter, key)).to.have.lengthOf(3);

    const answers = await Promise.all(
      [0, 1, 2, 3, 4].map(node => sim.get(Counter, 'key 1', { node }).add(1)),
    );
    expect(answers.sort()).to.deep.equal([2, 3, 4, 5, 6]); // two of the nodes hold no replica of it
  });

  it('are called from everywhere, in every world', async () => {
    await overSeeds({ nodes: 5, actors: [Counter] }, async sim => {
      const refs = [0, 1, 2, 3, 4].map(node => sim.get(Counter, 'key 1', { node }));
      const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => refs[i % 5]!.add(1)));
      expect(answers.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 50 }, (_, i) => i + 1));
      for (const ref of refs) expect(await ref.read()).to.equal(50); // stable: it sees all that was answered
      expect([...(await refs[4]!.$all.read()).values()]).to.deep.equal([50, 50, 50]);
    });
  });

  it('keep each sender to its own order in unordered mode', async () => {
    await overSeeds({ actors: [Telemetry] }, async sim => {
      for (let i = 0; i < 30; i++) sim.get(Telemetry, 't', { node: i % 3 }).$tell.sample(`s${i % 3}`, i);
      await sim.settle();
      for (const node of [0, 1, 2]) {
        const telemetry = sim.get(Telemetry, 't', { node });
        for (const sender of [0, 1, 2]) {
          const expected = Array.from({ length: 10 }, (_, i) => i * 3 + sender);
          expect(await telemetry.of(`s${sender}`)).to.deep.equal(expected);
        }
      }
    });
  });

  it('find replicas that differ, and name the instance', async () => {
    using sim = simulate({ actors: [Gambler], seed: 1, determinismGuard: false });
    await sim.get(Gambler, 'g').roll();
    let found: unknown;
    await sim.settle().catch((error: unknown) => (found = error));
    expect(found).to.be.instanceOf(CheckError);
    expect((found as CheckError).message).to.include('the replicas of gambler "g" differ');
  });

  it('have a handler fail that would make them differ, and say what it used', async () => {
    using sim = simulate({ actors: [Gambler], seed: 1 });
    let refusal: unknown;
    await sim
      .get(Gambler, 'g')
      .roll()
      .catch((error: unknown) => (refusal = error));
    expect(refusal).to.include({ code: 'NONDETERMINISTIC', didExecute: 'no' });
    expect((refusal as Error).message).to.match(/^Math\.random\(\) was used in a handler/);
    await sim.settle();
    expect(await sim.get(Gambler, 'g').last()).to.equal(0);
  });

  it('leave the globals as they were when they are over', () => {
    const before = [Date, Math.random, setTimeout];
    const first = simulate({ actors: [Gambler], seed: 1 });
    expect(Date).to.not.equal(before[0]);
    first[Symbol.dispose]();
    expect([Date, Math.random, setTimeout]).to.deep.equal(before);
  });

  it('replay a seed call by call', async () => {
    const run = async (seed: number): Promise<string> => {
      using sim = simulate({ actors: [Bank], seed });
      const banks = [0, 1, 2].map(node => sim.get(Bank, 'eu', { node }));
      await Promise.all(
        Array.from({ length: 30 }, (_, i) => banks[i % 3]!.deposit(`o${i % 5}`, new Money(1n, 'EUR'))),
      );
      await sim.run(10);
      await sim.settle();
      return `${sim.history.describe()}\n${sim.world.traceHash}`;
    };
    for (const seed of [1, 2, 3]) expect(await run(seed)).to.equal(await run(seed));
    expect(await run(1)).not.to.equal(await run(2));
  });
});

describe('the waits of calls, in virtual time', () => {
  it('end by their timeout, and say that nobody can know', async () => {
    using sim = simulate({ actors: [Counter], seed: 1, latency: [400, 400] });
    const counter = sim.get(Counter, 'c');
    const before = sim.now;
    const failure = await failureOf(counter.$with({ timeout: 50 }).add(1));
    expect(failure).to.include({ code: 'TIMEOUT', didExecute: 'unknown' });
    expect(sim.now - before).to.be.within(50, 150);
    await sim.settle();
    expect(await counter.read(), 'it took effect all the same').to.equal(1);
  });

  it('end by the cluster’s timeout where the call has none', async () => {
    using sim = simulate({ actors: [Counter], seed: 1, latency: [400, 400], callTimeout: 100 });
    expect(await failureOf(sim.get(Counter, 'c').add(1))).to.include({ code: 'TIMEOUT' });
    await sim.settle();
    expect(sim.now).to.be.lessThan(10_000);
  });

  it('end by their signal', async () => {
    using sim = simulate({ actors: [Counter], seed: 1, latency: [400, 400] });
    const counter = sim.get(Counter, 'c');
    expect(
      await failureOf(counter.$with({ signal: AbortSignal.abort('no longer wanted') }).add(1)),
    ).to.include({
      code: 'ABORTED',
      didExecute: 'no',
    });
    const controller = new AbortController();
    const call = counter.$with({ signal: controller.signal }).add(1);
    await sim.run(10);
    controller.abort('too late');
    expect(await failureOf(call)).to.include({ code: 'ABORTED', didExecute: 'unknown' });
    await sim.settle();
    expect(await counter.read()).to.equal(1);
  });

  it('take back what still waits for room in the ring', async () => {
    using sim = simulate({ actors: [Bank], seed: 1, latency: [50, 50], ringBytes: 4096, queueBytes: 8192 });
    const bank = sim.get(Bank, 'eu');
    const filler = 'x'.repeat(700);
    const calls = Array.from({ length: 10 }, () => bank.deposit(filler, new Money(1n, 'EUR')));
    const controller = new AbortController();
    const last = bank.$with({ signal: controller.signal }).deposit('ann', new Money(1n, 'EUR'));
    controller.abort();
    expect(await failureOf(last)).to.include({ code: 'ABORTED', didExecute: 'no' });
    await Promise.all(calls);
    await sim.settle();
    expect(await bank.balance('ann')).to.equal(undefined);
    expect(await bank.entries()).to.equal(10);
  });

  it('are bounded in number: beyond the queue a call is refused, and nothing is lost', async () => {
    await overSeeds({ actors: [Bank], ringBytes: 4096, queueBytes: 4096 }, async sim => {
      const bank = sim.get(Bank, 'eu');
      const filler = 'x'.repeat(500);
      const calls = await Promise.allSettled(
        Array.from({ length: 60 }, () => bank.deposit(filler, new Money(1n, 'EUR'))),
      );
      const refused = calls
        .filter(call => call.status === 'rejected')
        .map(call => call.reason as BowechoError);
      expect(refused).to.have.length.greaterThan(0);
      for (const error of refused) expect(error).to.include({ code: 'OVERLOADED', didExecute: 'no' });
      expect(await bank.entries()).to.equal(60 - refused.length);
    });
  });

  it('refuse what no ring can carry', async () => {
    using sim = simulate({ actors: [Bank], seed: 1, ringBytes: 4096 });
    const failure = await failureOf(sim.get(Bank, 'eu').deposit('x'.repeat(2000), new Money(1n, 'EUR')));
    expect(failure).to.include({ code: 'TOO_LARGE', didExecute: 'no' });
  });
});
