/** Percentiles of several members' samples are those of all samples together, and never an average of percentiles. */
import { expect } from 'chai';
import { percentilesOf } from '../src/latency.js';

describe('latencies', () => {
  it('are merged sample by sample', () => {
    const numbers = Array.from({ length: 1_000 }, (_, i) => 1_000 - i);
    const [few, many] = [Uint32Array.from(numbers.slice(0, 10)), Uint32Array.from(numbers.slice(10))];
    const expected = { p50Micros: 500, p99Micros: 990, p999Micros: 999 };
    expect(percentilesOf([few, many])).to.deep.equal(expected);
    expect(percentilesOf([Uint32Array.from(numbers), new Uint32Array()])).to.deep.equal(expected);
  });

  it('of one sample are that sample, and of none nothing', () => {
    expect(percentilesOf([Uint32Array.of(7)])).to.deep.equal({ p50Micros: 7, p99Micros: 7, p999Micros: 7 });
    expect(percentilesOf([])).to.deep.equal({ p50Micros: 0, p99Micros: 0, p999Micros: 0 });
  });
});
