/**
 * Goal: what the walk accepts arrives deep-equal, and what it refuses would really not have arrived as it was sent.
 *
 * Method: 20,000 random nested values go through the codec; a table of refused values shows the sentence of the
 * refusal, with its path, and beside it what msgpackr alone would have delivered.
 */
import { BowechoError } from '@bowecho/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { Packr } from '../../src/codec/msgpackr.js';
import { inspect, isDeepStrictEqual } from 'node:util';
import { pack, packArguments, unpack } from '../../src/codec/codec.js';
import { copyResult } from '../../src/codec/copy.js';
import { assertRoundTrips } from '../../src/codec/round-trip.js';
import { Value } from '../../src/codec/values.js';

@Value({ name: 'test-money', version: 2 })
class Money {
  constructor(
    readonly cents: bigint,
    readonly currency: string,
    readonly more: unknown = undefined,
  ) {
    if (arguments.length === 0) throw new Error('a value is made without its constructor');
  }
}

class Plain {
  x = 1;
}

const keys = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }).filter(key => key !== '__proto__' && key !== '__keys__'),
  fc.constantFrom(
    'constructor',
    'toJSON',
    'hasOwnProperty',
    'length',
    'then',
    '',
    '0',
    'a b',
    'valueOf',
    '__proto_',
  ),
);

const values = fc.letrec(tie => ({
  leaf: fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ maxLength: 200 }),
    fc.integer(),
    fc.double().map(n => (Object.is(n, -0) ? 0 : n)),
    fc.bigInt(),
    fc.constantFrom(1n << 63n, -(1n << 63n) - 1n, 1n << 64n, -(1n << 64n), (1n << 200n) - 1n, 255n << 56n),
    fc.boolean(),
    fc.constantFrom(
      null,
      undefined,
      NaN,
      Infinity,
      -Infinity,
      Number.MAX_SAFE_INTEGER,
      2 ** 32,
      -(2 ** 31) - 1,
    ),
    fc.date({ noInvalidDate: true }), // isDeepStrictEqual finds two invalid dates different; they have a test of their own
    fc.uint8Array(),
    fc.float32Array(),
    fc.bigInt64Array(),
    fc.uint8ClampedArray(),
    fc.constantFrom(/a+/g, /[/]"'/iu),
    fc.uint8Array().map(bytes => bytes.slice().buffer),
  ),
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie('leaf'),
    fc.array(tie('node'), { maxLength: 5 }),
    fc.dictionary(keys, tie('node'), { maxKeys: 5, noNullPrototype: true }),
    fc.array(fc.tuple(tie('node'), tie('node')), { maxLength: 4 }).map(entries => new Map(entries)),
    fc.array(tie('node'), { maxLength: 4 }).map(members => new Set(members)),
    fc.tuple(fc.bigInt(), fc.string({ unit: 'grapheme' }), tie('node')).map(parts => new Money(...parts)),
  ),
})).node;

function sameInOrder(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b) && inspect(a, { depth: 40 }) === inspect(b, { depth: 40 });
}

describe('the round-trip rule', () => {
  it('accepts only what arrives deep-equal (20,000 random values)', function () {
    this.timeout(60_000);
    fc.assert(
      fc.property(values, value => {
        assertRoundTrips(value, 'value');
        const arrived = unpack(new Uint8Array(pack(value)));
        if (!sameInOrder(arrived, value)) expect.fail(`${inspect(value)} arrived as ${inspect(arrived)}`);
        expect(sameInOrder(copyResult(value), value)).to.equal(true);
      }),
      { numRuns: 20_000 },
    );
  });

  it('lets an invalid date arrive as one', () => {
    assertRoundTrips(new Date(NaN), 'value');
    const arrived = unpack(new Uint8Array(pack(new Date(NaN))));
    expect(arrived).to.be.instanceOf(Date);
    expect((arrived as Date).getTime()).to.be.NaN;
  });

  // What the walk says, and what msgpackr alone would have delivered: something else, or an error without a path.
  const lossy = new Packr({ moreTypes: true, useToJSON: false });
  const delivered = (value: unknown): unknown => lossy.unpack(lossy.pack(value));
  const extended = Object.assign([1], { index: 3 });
  const sparse: number[] = [];
  sparse[2] = 1;
  const accessor = {
    get late(): number {
      return 1;
    },
  };
  const used = /a/g;
  used.exec('aa');
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;

  const refused: readonly (readonly [string, unknown, RegExp])[] = [
    ['function', { at: () => 0 }, /^args\[1\]\.at cannot be sent: it is a function/],
    ['symbol', [Symbol('s')], /^args\[1\]\[0\] cannot be sent: it is a symbol/],
    ['symbol key', { [Symbol('s')]: 1 }, /symbol key Symbol\(s\)/],
    ['minus zero', { x: -0 }, /^args\[1\]\.x cannot be sent: it is -0/],
    ['instance', new Map([['x', new Plain()]]), /^args\[1\]\.get\("x"\) .* instance of Plain/],
    ['error', Object.assign(new TypeError('no'), { code: 7 }), /it is an Error/],
    ['promise', Promise.resolve(1), /it is a promise/],
    ['weak map', new WeakMap(), /instance of WeakMap/],
    ['sparse array', sparse, /^args\[1\]\[0\] .* hole/],
    ['extended array', extended, /extra property 'index'/],
    ['accessor', accessor, /^args\[1\]\.late .* accessor/],
    ['lone surrogate', 'a\ud800', /lone surrogate/],
    ['surrogate key', { '\udc00': 1 }, /lone surrogate/],
    ['__proto__', JSON.parse('{"__proto__": 1}'), /^args\[1\]\.__proto__ .* renamed/],
    ['used RegExp', used, /lastIndex is 1/],
    ['boxed number', Object(1), /boxed Number/],
    ['boxed string', Object('s'), /boxed String/],
    ['no prototype', Object.assign(Object.create(null), { a: 1 }), /no prototype/],
    ['subclass of Map', new (class Index extends Map {})(), /instance of Index/],
    ['subclass of Array', new (class List extends Array {})(), /instance of List/],
    ['subclass of a value', new (class Euro extends Money {})(1n, 'EUR'), /instance of Euro/],
    ['shared memory', new SharedArrayBuffer(2), /instance of SharedArrayBuffer/],
    ['map with a field', Object.assign(new Map(), { note: 1 }), /extra property 'note'/],
  ];

  for (const [title, value, sentence] of refused) {
    it(`refuses: ${title}`, () => {
      expect(() => packArguments([0, value]))
        .to.throw(BowechoError, sentence)
        .with.property('code', 'NOT_SERIALIZABLE');
      let arrived: unknown;
      try {
        arrived = delivered(value);
      } catch {
        return; // msgpackr threw too, without a path.
      }
      const isSame = Object.is(arrived, value) || (isDeepStrictEqual(arrived, value) && title !== 'accessor');
      const showsLoss = title === 'minus zero' || title === 'accessor' || title === 'used RegExp' || !isSame;
      expect(showsLoss, 'msgpackr would have delivered it').to.equal(true);
    });
  }

  it('refuses the field name that would corrupt later messages', () => {
    expect(() => packArguments([{ a: 1, __keys__: 2 }])).to.throw(/__keys__ .* cannot be encoded/);
    // Why: msgpackr keeps notes under this name, and bytes packed afterwards cannot be read.
    const poisoned = new Packr({ moreTypes: true });
    poisoned.pack({ __keys__: 1, a: 2 });
    poisoned.pack({ a: 1, __keys__: 2, length: 3 });
    expect(() => poisoned.unpack(poisoned.pack({ a: 1 })) as unknown).to.throw();
  });

  it('tells a cycle from a deep value, and accepts the deepest allowed', () => {
    expect(() => packArguments([cycle])).to.throw(/contains itself/);
    expect(() => packArguments([deep(32)])).to.throw(/more than 32 containers deep/);
    expect(unpack(packArguments([deep(31)]).slice())).to.deep.equal([deep(31)]);
  });
});
