/** The queue behind the ring against the plainest model, a list: order, bound, taking back by ticket, and moving to another queue. */
import { expect } from 'chai';
import fc from 'fast-check';
import { SendQueue } from '@bowecho/core';

const OVERHEAD = 64;

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('offer' as const), length: fc.nat(200) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('shift' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('withdraw' as const), back: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('move' as const) }) },
);

describe('send queue', () => {
  it('keeps the order, the bound and the count of bytes, whoever is taken back', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200 }),
        fc.integer({ min: 100, max: 2000 }),
        (steps, maxBytes) => {
          let queue = new SendQueue(maxBytes);
          let model: { ticket: number; length: number }[] = [];
          let tickets = 0;
          const bytes = (): number => model.reduce((sum, { length }) => sum + length + OVERHEAD, 0);
          for (const action of steps) {
            if (action.kind === 'offer') {
              const { length } = action;
              const fits = bytes() + length + OVERHEAD <= maxBytes;
              const payload = new Uint8Array(length + 5).fill(tickets & 255);
              expect(queue.offer(tickets, payload, length)).to.equal(fits);
              if (fits) model.push({ ticket: tickets, length });
              tickets++;
              payload.fill(255);
            } else if (action.kind === 'shift') {
              if (model.length === 0) continue;
              const { ticket, length } = model.shift()!;
              expect([...queue.peek()]).to.deep.equal(new Array(length).fill(ticket & 255));
              queue.shift();
            } else if (action.kind === 'move') {
              const all = queue.takeAll();
              expect(all.map(({ ticket }) => ticket)).to.deep.equal(model.map(({ ticket }) => ticket));
              expect([queue.count, queue.byteCount, queue.isEmpty]).to.deep.equal([0, 0, true]);
              queue = new SendQueue(maxBytes);
              queue.restore(all);
            } else {
              const ticket = tickets - action.back;
              expect(queue.withdraw(ticket)).to.equal(model.some(item => item.ticket === ticket));
              model = model.filter(item => item.ticket !== ticket);
            }
            expect([queue.count, queue.byteCount, queue.isEmpty]).to.deep.equal([
              model.length,
              bytes(),
              model.length === 0,
            ]);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('takes over what waits elsewhere, whatever its bound', () => {
    const queue = new SendQueue(100);
    queue.restore([-2, -1, 7].map(ticket => ({ ticket, payload: new Uint8Array(50) })));
    expect([queue.count, queue.byteCount]).to.deep.equal([3, 3 * (50 + OVERHEAD)]);
    expect(queue.offer(8, new Uint8Array(1), 1), 'there is too much already').to.equal(false);
    expect(queue.withdraw(7)).to.equal(true);
    queue.shift();
    queue.shift();
    expect(queue.offer(8, new Uint8Array(1), 1)).to.equal(true);
  });
});
