/** Deadlines against the plain list that they stand for: what is due, in order, and nothing kept that is over. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Deadlines } from '../../src/calls/deadlines.js';

interface Item {
  readonly at: number;
  isOver: boolean;
}

describe('deadlines', () => {
  it('give what still matters, soonest first, and never before its time', () => {
    const step = fc.oneof(
      fc.record({ add: fc.nat(1000) }),
      fc.record({ settle: fc.nat() }),
      fc.record({ pass: fc.nat(50) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), steps => {
        const deadlines = new Deadlines<Item>(item => item.isOver);
        let model: Item[] = [];
        let now = 0;
        const soonest = (): number => Math.min(Infinity, ...model.map(item => item.at));
        for (const it of steps) {
          if ('add' in it) {
            const item = { at: now + it.add, isOver: false };
            model.push(item);
            deadlines.add(item.at, item);
          } else if ('settle' in it && model.length > 0) {
            const [item] = model.splice(it.settle % model.length, 1);
            item!.isOver = true;
          } else if ('pass' in it) {
            now += it.pass;
            for (let due = deadlines.takeDue(now); due !== undefined; due = deadlines.takeDue(now)) {
              expect(due.at).to.equal(soonest());
              model = model.filter(item => item !== due);
            }
            expect(soonest()).to.be.greaterThan(now);
          }
          expect(deadlines.next).to.equal(soonest());
        }
      }),
    );
  });

  it('hold a few thousand of a million calls that are long settled', () => {
    const deadlines = new Deadlines<Item>(item => item.isOver);
    const first = { at: 0, isOver: false };
    deadlines.add(0, first); // keeps the front, so that nothing is dropped there
    for (let i = 1; i <= 1_000_000; i++) deadlines.add(i, { at: i, isOver: true });
    expect(deadlines.size).to.be.lessThan(5_000);
    expect(deadlines.takeDue(0)).to.equal(first);
    expect(deadlines.next).to.equal(Infinity);
  });
});
