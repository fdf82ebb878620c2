/**
 * Goal: whatever `ctx` answers is a function of the delivery, unique where it must be, and nothing outside a handler.
 * Method: frames filled by hand; two replicas are two frames with the same content.
 */
import { expect } from 'chai';
import { ctx, enterHandler, leaveHandler, runInHandler } from '../../src/ctx.js';
import type { HandlerFrame, HandlerView, Log } from '../../src/ctx.js';
import { thrown } from './thrown.js';

function ignore(): void {}
const log: Log = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

const VIEW: HandlerView = { id: 2, members: ['n1', 'n2'], joined: [], left: ['n3'] };

function frame(change: Partial<HandlerFrame> = {}): HandlerFrame {
  return {
    key: 'eu',
    shardName: 'bank/3',
    vid: 2,
    ordinal: 17,
    timeMicros: 1_700_000_000_123_456,
    isQuery: false,
    log,
    view: VIEW,
    destroyRequested: false,
    idCount: 0,
    random: undefined,
    ...change,
  };
}

const uses: [string, () => unknown][] = [
  ['key', () => ctx.key],
  ['now()', () => ctx.now()],
  ['id()', () => ctx.id()],
  ['random()', () => ctx.random()],
  ['log', () => ctx.log],
  ['destroy()', () => ctx.destroy()],
  ['view', () => ctx.view],
];

describe('ctx', () => {
  for (const [use, action] of uses) {
    it(`${use} throws outside a handler, also after one that threw`, () => {
      expect(() =>
        runInHandler(frame(), () => {
          throw new Error('mine');
        }),
      ).to.throw('mine');
      const error = thrown(action);
      expect(error.code).to.equal('OUTSIDE_HANDLER');
      expect(error.message).to.include(`ctx.${use} was used outside a handler`);
    });
  }

  it('answers from the frame', () => {
    const given = frame();
    runInHandler(given, () => {
      expect(ctx.key).to.equal('eu');
      expect(ctx.view).to.equal(VIEW);
      expect(ctx.log).to.equal(log);
      expect(ctx.now().toISOString()).to.equal('2023-11-14T22:13:20.123Z');
      expect(ctx.now()).not.to.equal(ctx.now());
      ctx.destroy();
    });
    expect(given.destroyRequested).to.equal(true);
    runInHandler(given, ignore);
    expect(given.destroyRequested).to.equal(false);
  });

  const answers = (given: HandlerFrame): unknown[] =>
    runInHandler(given, () => [ctx.id(), ctx.id(), ctx.random(), ctx.random(), ctx.id(), ctx.random()]);

  it('gives ids and random numbers that are the same at every replica and at every run of a version', () => {
    expect(answers(frame())).to.deep.equal(answers(frame()));
    const used = frame();
    answers(used);
    expect(answers(used)).to.deep.equal(answers(frame()));
    expect(answers(frame())).to.deep.equal(GOLDEN);
  });

  it('gives other ids and other random numbers to every other delivery, instance and shard', () => {
    const frames: HandlerFrame[] = [];
    for (const key of ['eu', 'us', 'eu\0a'])
      for (const shardName of ['bank/3', 'bank/4', 'till/3'])
        for (let vid = 0; vid < 12; vid++)
          for (let ordinal = 0; ordinal < 40; ordinal++) frames.push(frame({ key, shardName, vid, ordinal }));
    const all = frames.flatMap(answers);
    expect(new Set(all).size).to.equal(all.length);
  });

  it('gives random numbers that fill [0, 1) evenly over the first draws of many commands', () => {
    const buckets = new Array<number>(20).fill(0);
    const draws = 20_000;
    for (let ordinal = 0; ordinal < draws; ordinal++) {
      const number = runInHandler(frame({ ordinal }), () => ctx.random());
      expect(number).to.be.within(0, 1 - Number.EPSILON / 2);
      buckets[Math.floor(number * 20)]!++;
    }
    const expected = draws / 20;
    const chiSquare = buckets.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 19 degrees of freedom: beyond 43.8 once in a thousand. The draws are fixed, so this never flickers.
    expect(chiSquare).to.be.below(43.8);
  });

  it('refuses in a query what would differ between replicas or change state', () => {
    const query = frame({ isQuery: true });
    for (const use of ['id()', 'random()', 'destroy()']) {
      const action = uses.find(([name]) => name === use)![1];
      expect(thrown(() => runInHandler(query, action)).code).to.equal('READ_ONLY');
    }
    expect(runInHandler(query, () => ctx.now().getTime())).to.equal(1_700_000_000_123);
  });

  it('asserts that handlers are not nested', () => {
    expect(() => runInHandler(frame(), () => runInHandler(frame(), ignore))).to.throw(
      'inside of another one',
    );
    expect(() => leaveHandler()).to.throw('no handler runs');
    enterHandler(frame());
    leaveHandler();
  });
});

/** Members of different versions must agree on these: never change them. */
const GOLDEN: unknown[] = [
  '2-h-0-2l58dcfgvvex3',
  '2-h-1-2l58dcfgvvex3',
  0.23074732815219745,
  0.27191144542537105,
  '2-h-2-2l58dcfgvvex3',
  0.8105420367005066,
];
