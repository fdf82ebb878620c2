/**
 * The end of a simulation, and what a careless test does around it: calls that nobody awaits, calls that are awaited after
 * the end, calls made after the end. Nothing hangs, and only what somebody awaits is heard of.
 */
import { BowechoError } from '@bowecho/actors';
import { simulate, type Simulation } from '@bowecho/testing';
import { expect } from 'chai';
import { Counter } from './example-actors.js';

async function codeOf(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(
    () => expect.fail('it did not fail'),
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(BowechoError);
  return `${(error as BowechoError).code} ${(error as BowechoError).didExecute}`;
}

describe('the end of a simulation', () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  // Mocha's own listener would fail the test that happens to run then, and not say what this is about.
  let others: NodeJS.UnhandledRejectionListener[] = [];
  beforeEach(() => {
    others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', note);
  });
  afterEach(() => {
    process.removeAllListeners('unhandledRejection');
    for (const listener of others) process.on('unhandledRejection', listener);
  });

  it('fails the calls that are still awaited', async () => {
    let call: Promise<unknown>;
    let ended: Simulation;
    {
      using sim = simulate({ actors: [Counter], seed: 1 });
      call = sim.get(Counter, 'c').add(1);
      ended = sim;
    }
    expect(await codeOf(call)).to.equal('CLOSED unknown');
    expect(ended.history.pending).to.have.lengthOf(0);
    expect(ended.history.describe()).to.include('the simulation is over');
  });

  it('says nothing of calls that nobody awaits', async () => {
    {
      using sim = simulate({ actors: [Counter], seed: 1 });
      for (let i = 0; i < 5; i++) void sim.get(Counter, 'c').add(i);
      await sim.run(0.1);
      expect(sim.history.pending).to.have.lengthOf(5);
    }
    for (let i = 0; i < 3; i++) await new Promise(resolve => setImmediate(resolve));
    expect(unhandled).to.deep.equal([]);
  });

  it('refuses what comes after it, as a rejection and a dead letter', async () => {
    using sim = simulate({ actors: [Counter], seed: 1 });
    const counter = sim.get(Counter, 'c');
    sim[Symbol.dispose]();
    expect(await codeOf(counter.add(1))).to.equal('CLOSED no');
    counter.$tell.add(1);
    expect(sim.deadLetters.map(error => (error as BowechoError).code)).to.deep.equal(['CLOSED']);
  });
});
