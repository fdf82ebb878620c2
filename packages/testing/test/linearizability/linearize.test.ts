/**
 * Goal: the judge of histories is right. Method: small random histories of a register, a counter and a queue, true ones and
 * ones with a wrong answer, judged also by trying every order; and long ones, which must not take it long.
 */
import { Random, linearize, type Operation, type SequentialModel } from '@bowecho/testing';
import { expect } from 'chai';

/** A queue of numbers: `put` answers nothing, `take` what was first. */
interface QueueOp {
  readonly put?: number;
  readonly took?: number;
}

const queue: SequentialModel<readonly number[], QueueOp> = {
  initial: [],
  apply(items, { put, took }) {
    if (put !== undefined) return [...items, put];
    return items[0] === took ? items.slice(1) : undefined;
  },
  isRead: () => false,
  keyOf: items => items.join(),
};

interface RegisterOp {
  readonly write?: number;
  readonly read?: number;
}

const register: SequentialModel<number, RegisterOp> = {
  initial: 0,
  apply: (value, { write, read }) => write ?? (read === value ? value : undefined),
  isRead: ({ read }) => read !== undefined,
  keyOf: String,
};

/** Tries every order. */
function byForce<State, Op>(history: readonly Operation<Op>[], model: SequentialModel<State, Op>): boolean {
  const go = (state: State, left: readonly Operation<Op>[]): boolean => {
    const awaited = left.filter(({ returnedAt }) => returnedAt < Infinity);
    if (awaited.length === 0) return true;
    const soonest = Math.min(...awaited.map(({ returnedAt }) => returnedAt));
    return left.some(each => {
      if (each.calledAt > soonest) return false;
      const after = model.apply(state, each.op);
      return (
        after !== undefined &&
        go(
          after,
          left.filter(other => other !== each),
        )
      );
    });
  };
  return go(model.initial, history);
}

/** Calls that take effect one after the other at moments of their own, some of which nobody heard of again. */
function trueHistory<State, Op>(
  random: Random,
  model: SequentialModel<State, Op>,
  length: number,
  overlap: number,
  choose: (state: State, i: number) => Op,
  lost = 0.1,
): Operation<Op>[] {
  let state = model.initial;
  return Array.from({ length }, (_, i) => {
    const at = i * 10;
    const op = choose(state, i);
    state = model.apply(state, op)!;
    const returnedAt = random.chance(lost) ? Infinity : at + random.below(overlap);
    return { op, calledAt: at - random.below(overlap), returnedAt };
  });
}

const chooseQueue =
  (random: Random) =>
  (items: readonly number[], i: number): QueueOp =>
    items.length > 0 && random.chance(0.5) ? { took: items[0]! } : { put: i % 5 };

const chooseRegister =
  (random: Random) =>
  (value: number): RegisterOp =>
    random.chance(0.5) ? { write: random.below(4) } : { read: value };

describe('linearize', () => {
  it('says yes to what can be, and no to what cannot, as one who tries every order', () => {
    const verdicts = { linearizable: 0, anomaly: 0, undecided: 0 };
    for (let seed = 0; seed < 3000; seed++) {
      const random = Random.fromSeed(seed);
      const history = trueHistory(random, register, random.between(1, 8), 40, chooseRegister(random));
      if (random.chance(0.6)) {
        const wrong = random.below(history.length);
        history[wrong] = { ...history[wrong]!, op: { read: random.below(4) } };
      }
      const { kind } = linearize(history, register);
      verdicts[kind]++;
      expect(kind === 'linearizable', `seed ${seed}: ${JSON.stringify(history)}`).to.equal(
        byForce(history, register),
      );
    }
    expect(Math.min(verdicts.linearizable, verdicts.anomaly)).to.be.greaterThan(300);
    expect(verdicts.undecided).to.equal(0);
  });

  it('does so for a queue, where the past matters for long', () => {
    const verdicts = { linearizable: 0, anomaly: 0, undecided: 0 };
    for (let seed = 0; seed < 2000; seed++) {
      const random = Random.fromSeed(`queue ${seed}`);
      const history = trueHistory(random, queue, random.between(2, 8), 50, chooseQueue(random));
      const takes = history.flatMap(({ op }, i) => (op.took === undefined ? [] : [i]));
      if (takes.length > 0 && random.chance(0.6)) {
        const wrong = random.pick(takes);
        history[wrong] = { ...history[wrong]!, op: { took: random.below(5) } };
      }
      const { kind } = linearize(history, queue);
      verdicts[kind]++;
      expect(kind === 'linearizable', `seed ${seed}: ${JSON.stringify(history)}`).to.equal(
        byForce(history, queue),
      );
    }
    expect(Math.min(verdicts.linearizable, verdicts.anomaly)).to.be.greaterThan(200);
  });

  it('names the answer that cannot be explained, behind the longest order that explains the others', () => {
    const history: Operation<RegisterOp>[] = [
      { op: { write: 1 }, calledAt: 0, returnedAt: 10 },
      { op: { read: 1 }, calledAt: 20, returnedAt: 30 },
      { op: { write: 2 }, calledAt: 40, returnedAt: 50 },
      { op: { read: 1 }, calledAt: 60, returnedAt: 70 },
      { op: { write: 1 }, calledAt: 80, returnedAt: 90 },
    ];
    expect(linearize(history, register)).to.deep.equal({ kind: 'anomaly', stuckAt: 3, order: [0, 1, 2] });
  });

  it('lets a call without an answer have taken effect late, or never, but not before it was made', () => {
    const lost = { op: { write: 7 }, calledAt: 10, returnedAt: Infinity };
    const read = (value: number, at: number): Operation<RegisterOp> => ({
      op: { read: value },
      calledAt: at,
      returnedAt: at + 1,
    });
    expect(linearize([lost, read(0, 20), read(7, 90)], register).kind).to.equal('linearizable');
    expect(linearize([lost, read(0, 20), read(0, 90)], register).kind).to.equal('linearizable');
    expect(linearize([lost, read(7, 20), read(0, 90)], register).kind).to.equal('anomaly');
    expect(linearize([lost, read(7, 5), read(0, 6)], register).kind).to.equal('anomaly');
  });

  it('judges 20,000 calls of some callers', () => {
    const random = Random.fromSeed('long');
    const history = trueHistory(random, register, 20_000, 40, chooseRegister(random), 0);
    expect(linearize(history, register).kind).to.equal('linearizable');
    const late = history.map(({ op }) => op.read !== undefined).lastIndexOf(true);
    history[late] = { ...history[late]!, op: { read: 9 } };
    expect(linearize(history, register)).to.deep.include({ kind: 'anomaly', stuckAt: late });
  });

  it('gives up where it was told to', () => {
    const history = Array.from({ length: 30 }, (_, i) => ({
      op: i === 29 ? { read: -1 } : { write: i },
      calledAt: 0,
      returnedAt: 1,
    }));
    expect(linearize(history, register, 1000)).to.deep.equal({ kind: 'undecided', steps: 1000 });
  });
});
