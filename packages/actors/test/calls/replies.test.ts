/**
 * Goal: what a replica remembers of idempotency keys is a function of its commands, is bounded by number, size and ordered time,
 * travels with a snapshot, and is told apart by digests. Method: a replica by hand, given commands at chosen times.
 */
import {
  ActorError,
  BowechoError,
  Journal,
  LIMITS,
  Replica,
  ctx,
  defineActor,
  definitionOf,
} from '@bowecho/actors';
import type { OnceOnly } from '@bowecho/actors';
import { expect } from 'chai';
import fc from 'fast-check';
import { pack, unpack } from '../../src/codec/codec.js';

const Ledger = defineActor({
  name: 'replies-ledger',
  state: () => ({ total: 0 }),
  commands: {
    add: (state, by: number) => (state.total += by),
    refuse(state) {
      state.total = -1;
      throw new ActorError('NO', 'not today', { have: state.total });
    },
    fill: (state, bytes: number) => (state.total++, new Uint8Array(bytes)),
    list: state => [state.total++],
    end: () => ctx.destroy(),
  },
  queries: { read: state => state.total },
  args: { add: [Number], fill: [Number] },
});

const SILENT = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
const MINUTE = 60_000_000;

/** A replica, and the order of the commands that it is given. */
class Hand {
  readonly definition = definitionOf(Ledger);
  readonly replica = new Replica(
    this.definition,
    { subgroup: 0, shards: [0], replicas: [0], senders: [0], mode: 'ordered', index: 0 } as never,
    new Journal(),
    SILENT,
    { id: 0, members: ['n0'], joined: [], left: [] },
  );
  private ordinal = 0;

  /** @returns the value, or what failed in words */
  do(
    key: string,
    name: string,
    args: readonly unknown[] = [],
    time = 0,
    tried = -1,
    instance = 'k',
  ): unknown {
    const once: OnceOnly = {
      idempotencyKey: key,
      argsHash: BigInt(args.length && Number(args[0])),
      triedSince: tried,
    };
    const method = this.definition.methods.find(each => each.name === name)!;
    const at = { vid: 0, ordinal: this.ordinal++, time, sender: 0 };
    const outcome = this.replica.command(instance, method, args, at, once);
    if (outcome.ok) return outcome.value;
    expect(outcome.error).to.be.instanceOf(outcome.error instanceof ActorError ? ActorError : BowechoError);
    return `${outcome.error.code} ${outcome.error.didExecute}`;
  }

  total(instance = 'k'): unknown {
    const method = this.definition.methods.find(each => each.name === 'read')!;
    const outcome = this.replica.query(instance, method, []);
    return outcome.ok ? outcome.value : outcome.error;
  }
}

describe('what is remembered of idempotency keys', () => {
  let hand: Hand;
  beforeEach(() => (hand = new Hand()));

  it('answers a repeat as the first, and runs nothing', () => {
    expect([hand.do('a', 'add', [5]), hand.do('b', 'add', [5]), hand.do('a', 'add', [5])]).to.deep.equal([
      5, 10, 5,
    ]);
    expect([hand.do('c', 'refuse'), hand.do('d', 'add', [1]), hand.do('c', 'refuse')]).to.deep.equal([
      'NO no',
      11,
      'NO no',
    ]);
    expect(hand.total()).to.equal(11);
  });

  it('gives each caller an answer of its own', () => {
    (hand.do('a', 'list') as number[]).push(99);
    (hand.do('a', 'list') as number[]).push(99);
    expect(hand.do('a', 'list')).to.deep.equal([0]);
  });

  it('is told by instance, and outlives it', () => {
    expect(hand.do('a', 'add', [1], 0, -1, 'x')).to.equal(1);
    expect(hand.do('a', 'add', [1], 0, -1, 'y')).to.equal(1);
    hand.do('end', 'end', [], 0, -1, 'x');
    expect([...hand.replica.keys()]).to.deep.equal(['y']);
    expect(hand.do('end', 'end', [], 0, -1, 'x')).to.equal(undefined);
    expect(hand.do('a', 'add', [1], 0, -1, 'x')).to.equal(1);
    expect([...hand.replica.keys()], 'nobody came back to life').to.deep.equal(['y']);
    expect([...hand.replica.keptKeys()]).to.have.members(['x', 'y']);
  });

  it('refuses a key that was used for something else', () => {
    hand.do('a', 'add', [5]);
    expect(hand.do('a', 'add', [6])).to.equal('KEY_REUSED no');
    expect(hand.do('a', 'fill', [5])).to.equal('KEY_REUSED no');
    expect(hand.total()).to.equal(5);
  });

  it('lasts ten minutes by the time of the commands, whatever instance they are for', () => {
    hand.do('a', 'add', [1], MINUTE);
    expect(hand.do('a', 'add', [1], 11 * MINUTE - 1)).to.equal(1);
    hand.do('other', 'add', [1], 11 * MINUTE, -1, 'elsewhere');
    expect([...(hand.replica.snapshot('k')!.replies?.replies ?? [])]).to.deep.equal([]);
    expect(hand.do('a', 'add', [1], 11 * MINUTE)).to.equal(2);
  });

  it('holds so many keys, the oldest leaves, and a repeat of the runtime is not run for that', () => {
    const { max } = LIMITS.rememberedKeys;
    for (let i = 0; i <= max; i++) hand.do(`k${i}`, 'add', [1], 2 * MINUTE + i);
    const at = 3 * MINUTE;
    expect(hand.do('k1', 'add', [1], at)).to.equal(2);
    expect(hand.do('k0', 'add', [1], at, 2 * MINUTE), 'first tried when it was forgotten').to.equal(
      'MEMBER_LOST unknown',
    );
    expect(hand.do('new', 'add', [1], at, at), 'first tried since').to.equal(max + 2);
    expect(hand.do('k0', 'add', [1], at), 'a request of now').to.equal(max + 3);
    expect(hand.do('k0', 'add', [2], at, 2 * MINUTE), 'as another one').to.equal('KEY_REUSED unknown');
  });

  it('says that a command ran whose answer is too large to keep', () => {
    const { keptAnswer, keptAnswers } = LIMITS;
    hand.do('huge', 'fill', [keptAnswer.max]);
    expect(hand.do('huge', 'fill', [keptAnswer.max])).to.equal('REPLY_NOT_KEPT yes');
    const bytes = keptAnswer.max - 100;
    const count = Math.floor(keptAnswers.max / bytes) + 1;
    for (let i = 0; i < count; i++) hand.do(`f${i}`, 'fill', [bytes]);
    expect(hand.do('f0', 'fill', [bytes]), 'the oldest').to.equal('REPLY_NOT_KEPT yes');
    expect(hand.do(`f${count - 1}`, 'fill', [bytes])).to.have.lengthOf(bytes);
    expect(hand.total()).to.equal(count + 1);
  });

  it('holds so many keys of all instances together, and so many bytes of answers', () => {
    const { rememberedInSet, rememberedKeys, keptInSet, keptAnswer } = LIMITS;
    const instances = Math.ceil(rememberedInSet.max / rememberedKeys.max) + 2;
    const each = Math.ceil((rememberedInSet.max + 1) / instances);
    let time = 2 * MINUTE;
    for (let i = 0; i < each; i++)
      for (let at = 0; at < instances; at++) hand.do(`k${i}`, 'add', [1], ++time, -1, `i${at}`);
    const count = (): number =>
      [...hand.replica.keptKeys()].reduce(
        (sum, key) => sum + hand.replica.snapshot(key)!.replies!.replies.length,
        0,
      );
    expect(count()).to.equal(rememberedInSet.max);
    expect(hand.do('k0', 'add', [1], ++time, 2 * MINUTE, 'i0'), 'the oldest of all').to.equal(
      'MEMBER_LOST unknown',
    );
    expect(hand.do(`k${each - 1}`, 'add', [1], ++time, -1, 'i0')).to.equal(each);

    const bytes = keptAnswer.max - 100;
    const many = Math.floor(keptInSet.max / bytes) + 1;
    for (let i = 0; i < many; i++) hand.do('big', 'fill', [bytes], ++time, -1, `b${i}`);
    expect(hand.do('big', 'fill', [bytes], ++time, -1, 'b0'), 'the oldest').to.equal('REPLY_NOT_KEPT yes');
    expect(hand.do('big', 'fill', [bytes], time + 1, -1, `b${many - 1}`)).to.have.lengthOf(bytes);
  });

  it('travels with a snapshot, over the wire, and replicas that go on from there are equal', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      name: fc.constantFrom('add', 'refuse', 'fill', 'list', 'end'),
      amount: fc.constantFrom(1, 2, 70_000),
      wait: fc.constantFrom(1, MINUTE, 6 * MINUTE),
    });
    fc.assert(
      fc.property(fc.array(step), fc.array(step), (before, after) => {
        const old = new Hand();
        const fresh = new Hand();
        fresh.do('left over', 'add', [1], 0);
        let time = 0;
        const perform = (which: Hand, { key, name, amount }: (typeof before)[0]): unknown =>
          which.do(key, name, name === 'add' || name === 'fill' ? [amount] : [], time);
        for (const each of before) {
          time += each.wait;
          perform(old, each);
        }
        fresh.replica.restore('k', unpack(pack(old.replica.snapshot('k'))) as never);
        expect(fresh.replica.digest('k')).to.equal(old.replica.digest('k'));
        for (const each of after) {
          time += each.wait;
          expect(perform(fresh, each)).to.deep.equal(perform(old, each));
          expect(fresh.replica.digest('k')).to.equal(old.replica.digest('k'));
          expect(fresh.replica.snapshot('k')).to.deep.equal(old.replica.snapshot('k'));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('is the same for one that knows some instances alone and is told where the others are', () => {
    const PER_KEY = LIMITS.rememberedKeys.max;
    const all = new Hand();
    const some = new Hand();
    // Eleven instances are more than one set remembers, and one of their answers is large.
    for (let i = 0; i < 11 * PER_KEY; i++) {
      const key = `k${i % 11}`;
      const time = i + (i > 5 * PER_KEY ? LIMITS.rememberedFor.max * 500 : 0);
      if (i % 11 === 3) {
        some.replica.moveTo(all.replica.moment);
        expect(some.do(`once ${i}`, 'add', [i], time, -1, key)).to.deep.equal(
          all.do(`once ${i}`, 'add', [i], time, -1, key),
        );
      } else all.do(`once ${i}`, 'add', [i], time, -1, key);
    }
    some.replica.moveTo(all.replica.moment);
    expect(some.replica.digest('k3')).to.equal(all.replica.digest('k3'));
    expect(some.replica.moment).to.deep.equal(all.replica.moment);
  });

  it('is seen by digests', () => {
    const others = [new Hand(), new Hand(), new Hand()];
    hand.do('a', 'add', [1], 1);
    others[0]!.do('b', 'add', [1], 1);
    others[1]!.do('a', 'add', [1], 2);
    others[2]!.do('a', 'list', [], 1);
    const digests = [hand, ...others].map(({ replica }) => replica.digest('k'));
    expect(new Set(digests).size).to.equal(4);
  });
});

function ignore(): void {
  // Not what these tests are about.
}
