/**
 * Goal: inside a guarded handler whatever differs between replicas is refused by a sentence that says what to use instead;
 * everywhere else the globals are what they are without the guard, and in the end they are the very same objects again.
 * Method: a table of uses, each tried inside and outside; the globals are compared before and after.
 */
import { expect } from 'chai';
import crypto, { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { setTimeout as timersSetTimeout } from 'node:timers';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual, promisify, types } from 'node:util';
import { DeterminismGuard } from '@bowecho/actors';
import { runInHandler, type HandlerFrame } from '../../src/ctx.js';
import { thrown } from '../definition/thrown.js';

/** By how a user writes it: a use, and what its refusal must name. */
const REFUSED: Readonly<Record<string, readonly [use: () => unknown, instead: string]>> = {
  'Date.now()': [() => Date.now(), 'ctx.now()'],
  'new Date()': [() => new Date(), 'ctx.now()'],
  'Date()': [() => Date(), 'ctx.now()'],
  'Math.random()': [() => Math.random(), 'ctx.random()'],
  'performance.now()': [() => performance.now(), 'ctx.now()'],
  'process.hrtime()': [() => process.hrtime(), 'ctx.now()'],
  'process.hrtime.bigint()': [() => process.hrtime.bigint(), 'ctx.now()'],
  'setTimeout()': [() => setTimeout(ignore, 1), 'call it again'],
  'setInterval()': [() => setInterval(ignore, 1), 'call it again'],
  'setImmediate()': [() => setImmediate(ignore), 'call it again'],
  'queueMicrotask()': [() => queueMicrotask(ignore), 'call it again'],
  'fetch()': [() => fetch('http://127.0.0.1:1'), 'as an argument'],
  'crypto.randomUUID()': [() => globalThis.crypto.randomUUID(), 'ctx.id()'],
  'crypto.getRandomValues()': [() => globalThis.crypto.getRandomValues(new Uint8Array(1)), 'ctx.random()'],
  'randomUUID() of node:crypto': [() => randomUUID(), 'ctx.id()'],
  'randomBytes() of node:crypto': [() => randomBytes(1), 'ctx.random()'],
  'randomInt() of node:crypto': [() => randomInt(9), 'ctx.random()'],
  'randomFillSync() of node:crypto': [() => crypto.randomFillSync(new Uint8Array(1)), 'ctx.random()'],
};

/** The same by another name. */
const ALSO_REFUSED: readonly (() => unknown)[] = [
  () => crypto.webcrypto.randomUUID(),
  () => crypto.getRandomValues(new Uint8Array(1)),
  () => timersSetTimeout(ignore, 1),
  () => delay(1),
  () => globalThis.Date.now(),
  () => new (class extends Date {})(),
  () => Reflect.construct(Date, []) as Date,
];

const ALLOWED: readonly (() => unknown)[] = [
  () => new Date(0).getTime(),
  () => new Date(2026, 0, 1).getFullYear(),
  () => new Date('2026-01-01T00:00:00Z').toISOString(),
  () => Date.UTC(2026, 0, 1),
  () => Date.parse('2026-01-01T00:00:00Z'),
  () => Math.max(1, 2),
  () => crypto.createHash('sha1').update('x').digest('hex'),
];

function inGuarded<R>(guard: DeterminismGuard, handler: () => R): R {
  return runInHandler(FRAME, () => {
    guard.enter();
    try {
      return handler();
    } finally {
      guard.leave();
    }
  });
}

describe('determinism guard', () => {
  for (const [name, [use, instead]] of Object.entries(REFUSED)) {
    it(`refuses ${name} in a handler, and names what to use`, () => {
      using guard = new DeterminismGuard();
      const error = thrown(() => inGuarded(guard, use));
      expect(error.code).to.equal('NONDETERMINISTIC');
      expect(error.message).to.match(
        new RegExp(`^${name.replace(/[.()]/g, '\\$&')} was used in a handler, `),
      );
      expect(error.message).to.include(instead);
    });
  }

  it('refuses them by their other names too', () => {
    using guard = new DeterminismGuard();
    for (const use of ALSO_REFUSED)
      expect(thrown(() => inGuarded(guard, use)).code, String(use)).to.equal('NONDETERMINISTIC');
  });

  it('refuses the present time of Temporal, where there is Temporal', function () {
    const { Temporal } = globalThis as {
      readonly Temporal?: { readonly Now: { instant(): { toString(): string } } };
    };
    if (Temporal === undefined) return this.skip();
    using guard = new DeterminismGuard();
    expect(thrown(() => inGuarded(guard, () => Temporal.Now.instant())).code).to.equal('NONDETERMINISTIC');
    expect(Temporal.Now.instant().toString()).to.match(/^20\d\d-/);
  });

  it('lets handlers have what is the same everywhere', () => {
    const expected = ALLOWED.map(use => use());
    using guard = new DeterminismGuard();
    expect(ALLOWED.map(use => inGuarded(guard, use))).to.deep.equal(expected);
  });

  it('refuses nothing outside of handlers, and none of what a guard does not hold', async () => {
    using guard = new DeterminismGuard();
    for (const [use] of Object.values(REFUSED)) {
      const made = use();
      if (made instanceof Promise)
        made.catch(ignore); // nobody listens there
      else if (typeof made === 'object') clearTimeout(made as NodeJS.Timeout);
    }
    expect(runInHandler(FRAME, () => Date.now())).to.be.a('number');
    expect(() => inGuarded(guard, () => Date.now())).to.throw();
    expect(Date.now()).to.be.a('number');
    await delay(1);
    expect(await promisify(setTimeout)(1, 'woken')).to.equal('woken');
  });

  it('leaves Date a constructor with its statics, and every date a date of it', () => {
    const Before = Date;
    const early = new Date(7);
    using guard = new DeterminismGuard();
    expect(guard).to.be.instanceOf(DeterminismGuard);
    const late = new Date(7);
    expect(Date).to.not.equal(Before);
    expect([Date.name, Date.length, Date.prototype]).to.deep.equal([
      Before.name,
      Before.length,
      Before.prototype,
    ]);
    for (const date of [early, late]) {
      expect(date).to.be.instanceOf(Date).and.instanceOf(Before);
      expect(date.constructor).to.equal(Date);
      expect(types.isDate(date)).to.equal(true);
    }
    expect(isDeepStrictEqual(early, late)).to.equal(true);
    expect(structuredClone(late)).to.be.instanceOf(Date);
    expect(Date()).to.be.a('string');
    class Birthday extends Date {
      readonly isBirthday = true;
    }
    const birthday = new Birthday(7);
    expect(birthday).to.be.instanceOf(Birthday).and.instanceOf(Date);
    expect([birthday.getTime(), birthday.isBirthday]).to.deep.equal([7, true]);
  });

  it('keeps one function under two names one', () => {
    using guard = new DeterminismGuard();
    expect(guard).to.be.instanceOf(DeterminismGuard);
    expect(timersSetTimeout).to.equal(setTimeout);
  });

  it('puts back every global when the last guard goes, and only then', () => {
    const before = globals();
    const first = new DeterminismGuard();
    const second = new DeterminismGuard();
    first.release();
    first.release(); // twice is once
    expect(thrown(() => inGuarded(second, () => Date.now())).code).to.equal('NONDETERMINISTIC');
    second.release();
    globals().forEach((value, i) => expect(value).to.equal(before[i]));
    expect(Object.hasOwn(globalThis.crypto, 'randomUUID')).to.equal(false);
    expect(new Date(0).constructor).to.equal(Date);
    expect(inGuarded(second, () => Math.random())).to.be.a('number');
  });

  it('leaves the clock of a test alone, whether it came before the guard or after', () => {
    const Before = Date;
    class FakeDate extends Before {
      static override now(): number {
        return 7;
      }
    }
    try {
      globalThis.Date = FakeDate as DateConstructor;
      const guard = new DeterminismGuard();
      expect(Date.now()).to.equal(7);
      guard.release();
      expect(Date).to.equal(FakeDate);
      globalThis.Date = Before;
      const another = new DeterminismGuard();
      globalThis.Date = FakeDate as DateConstructor;
      another.release();
      expect(Date).to.equal(FakeDate);
    } finally {
      globalThis.Date = Before;
    }
    expect(new Date(0).constructor).to.equal(Before);
  });

  it('leaves alone what somebody else put in the place of a global meanwhile', () => {
    const random = Math.random;
    const guard = new DeterminismGuard();
    const another = (): number => 0.5;
    Math.random = another;
    guard.release();
    expect(Math.random).to.equal(another);
    Math.random = random;
  });
});

function globals(): unknown[] {
  return [
    Date,
    Date.now,
    Math.random,
    setTimeout,
    setInterval,
    setImmediate,
    queueMicrotask,
    fetch,
    performance.now,
    process.hrtime,
    process.hrtime.bigint,
    globalThis.crypto.randomUUID,
    globalThis.crypto.getRandomValues,
    randomUUID,
    randomBytes,
    randomInt,
    timersSetTimeout,
    delay,
  ];
}

function ignore(): void {}

const FRAME: HandlerFrame = {
  key: 'k',
  shardName: 'actor/0',
  vid: 0,
  ordinal: 0,
  timeMicros: 0,
  isQuery: false,
  log: { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore },
  view: { id: 0, members: [], joined: [], left: [] },
  destroyRequested: false,
  idCount: 0,
  random: undefined,
};
