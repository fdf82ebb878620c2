/** What `bowecho sim` prints, of worlds that were never run: whole texts. */
import { expect } from 'chai';
import {
  progressLine,
  replayLines,
  shrunkLines,
  summaryLine,
  violationLines,
} from '../../../src/cli/sim/report.js';

describe('the report of bowecho sim', () => {
  it('ends with what was run, how fast, how much failed, and the verdict', () => {
    expect(summaryLine(1000, 1.9, { crash: 5000, cut: 312 }, undefined)).to.equal(
      '1,000 seeds in 1.9 s, 526 a second; 5,312 faults of 2 kinds fired; no violation',
    );
    expect(summaryLine(1, 0.25, { crash: 1, cut: 0 }, 17)).to.equal(
      '1 seed in 0.3 s, 4 a second; 1 fault of 1 of 2 kinds fired; a violation at seed 17',
    );
    expect(summaryLine(20, 10, { crash: 0, cut: 0 }, undefined)).to.equal(
      '20 seeds in 10.0 s, 2 a second; no fault fired; no violation',
    );
  });

  it('says what broke, what shows it, and how to see it happen', () => {
    const violation = {
      checker: 'total-order',
      sentence: 'two replicas disagree on number 19',
      lines: ['node 0 delivers a', 'node 2 delivers b'],
    };
    const shrunk = {
      profile: 'faulty',
      seed: 17,
      ...violation,
      hazards: { split: 0.1, scatter: 0, pause: 0.2 },
      faults: [{ kind: 'slow-node' }],
    };
    const lines = [
      ...violationLines(17, violation),
      ...replayLines({ profile: 'faulty', seed: 17, nodes: 4 }),
      ...shrunkLines(shrunk, 'small.json'),
    ];
    expect(`\n${lines.join('\n')}\n`).to.equal(`
seed 17 breaks total-order: two replicas disagree on number 19
  node 0 delivers a
  node 2 delivers b
its time-line:
  bowecho sim --nodes 4 --profile faulty --seed 17 --seeds 1 --timeline
it takes 1 fault and 2 hazards; the time-line of that:
  bowecho sim --world small.json
`);
  });

  it('names no number of members that nobody asked for', () => {
    expect(replayLines({ profile: 'hostile', seed: 0, nodes: undefined })[1]).to.equal(
      '  bowecho sim --profile hostile --seed 0 --seeds 1 --timeline',
    );
  });

  it('says how far a long run is', () => {
    expect(progressLine(12_000, 1_000_000, 12_007)).to.equal(
      '12,000 of 1,000,000 seeds, no violation yet; now seed 12007',
    );
  });
});
