/** Goal: events come in the order of their time, then of their scheduling. Method: against a sorted list, random steps. */
import { EventQueue, Random } from '@bowecho/testing';
import { expect } from 'chai';
import fc from 'fast-check';

describe('EventQueue', () => {
  it('behaves as a stable sort by time', () => {
    const step = fc.oneof(fc.record({ push: fc.nat(20) }), fc.constant('pop' as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), steps => {
        const queue = new EventQueue();
        const model: { time: number; a: number }[] = [];
        let pushed = 0;
        for (const what of steps) {
          if (what === 'pop') {
            const expected = model.sort((x, y) => x.time - y.time || x.a - y.a).shift();
            expect(queue.pop()).to.equal(expected !== undefined);
            if (expected !== undefined)
              expect([queue.now, queue.a]).to.deep.equal([expected.time, expected.a]);
          } else {
            const time = queue.now + what.push;
            model.push({ time, a: pushed });
            queue.push(time, 1, pushed++, 0);
          }
          expect(queue.length).to.equal(model.length);
        }
      }),
    );
  });

  it('never goes back in time', () => {
    const queue = new EventQueue();
    queue.push(10, 0, 0, 0);
    queue.pop();
    queue.push(3, 0, 1, 0);
    expect(queue.nextTime).to.equal(10);
  });
});

describe('Random', () => {
  it('gives a stream that depends on seed and label alone', () => {
    const root = Random.fromSeed('bank-1');
    const early = root.split('network');
    for (let i = 0; i < 10; i++) root.next();
    const late = root.split('network');
    const other = root.split('disk');
    const numbers = (random: Random) => Array.from({ length: 20 }, () => random.next());
    const expected = numbers(early);
    expect(numbers(late)).to.deep.equal(expected);
    expect(numbers(other)).not.to.deep.equal(expected);
    expect(numbers(Random.fromSeed('bank-2').split('network'))).not.to.deep.equal(expected);
  });

  it('draws neighbouring seeds apart, and evenly', () => {
    const counts = new Array<number>(10).fill(0);
    for (let seed = 0; seed < 10_000; seed++) counts[Random.fromSeed(seed).below(10)]!++;
    for (const count of counts) expect(count).to.be.within(850, 1150);
    let heads = 0;
    for (let seed = 0; seed < 10_000; seed++) if (Random.fromSeed(seed).chance(0.25)) heads++;
    expect(heads).to.be.within(2300, 2700);
  });
});
