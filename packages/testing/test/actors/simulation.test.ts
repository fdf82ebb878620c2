/** What a test that fails in a simulation tells: enough to see the same run again. */
import { simulation } from '@bowecho/testing';
import { expect } from 'chai';
import { Counter } from './example-actors.js';

async function reportOf(seed: number): Promise<string> {
  const reports: string[] = [];
  const failing = simulation(
    { actors: [Counter], seed },
    async sim => {
      expect(await sim.get(Counter, 'c').add(1)).to.equal(2);
    },
    report => reports.push(report),
  );
  await failing.then(
    () => expect.fail('the test passed'),
    (error: Error) => expect(error.message).to.equal('expected 1 to equal 2'),
  );
  expect(reports).to.have.lengthOf(1);
  return reports[0]!;
}

describe('a test in a simulation', () => {
  it('shows, when it fails, its seed, its calls and the last lines of the time-line', async () => {
    const report = await reportOf(7);
    expect(report).to.match(/^replay with SIM_SEED=7\n/);
    expect(report).to.match(/n0 counter\("c"\)\.add\(1\) -> 1 after \d/);
    expect(report).to.match(/\d+ +0 +running .*\* delivers \d+ bytes of node 0 as ordinal 0 of set \d/);
    expect(await reportOf(7), 'and the same again').to.equal(report);
  });

  it('shows nothing, and gives back what the body gave, when it passes', async () => {
    const answer = await simulation(
      { actors: [Counter], seed: 1 },
      sim => sim.get(Counter, 'c').add(5),
      report => expect.fail(report),
    );
    expect(answer).to.equal(5);
  });
});
