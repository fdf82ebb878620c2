/**
 * Goal: bytes are hostile. Whatever they are, unpacking gives data that could have been sent, or one clear error.
 *
 * Method: random bytes, damaged messages, and a table of forged ones.
 */
import { BowechoError } from '@bowecho/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { Packr } from '../../src/codec/msgpackr.js';
import { pack, packArguments, unpack } from '../../src/codec/codec.js';
import { assertRoundTrips } from '../../src/codec/round-trip.js';
import { registerValue } from '../../src/codec/values.js';

class Point {
  touched = false;
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
  set trap(_value: unknown) {
    this.touched = true;
  }
}
registerValue(Point, { name: 'test-point', version: 3 });

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof BowechoError) return error.code;
    throw error;
  }
  return 'none';
};

/** Unpacks what may be anything; a result must be something that could be sent (but for -0, which is harmless). */
function unpackSafely(bytes: Uint8Array): void {
  let value: unknown;
  try {
    value = unpack(bytes);
  } catch (error) {
    expect(error).to.be.instanceOf(BowechoError).with.property('code', 'NOT_SERIALIZABLE');
    return;
  }
  try {
    assertRoundTrips(value, 'arrived');
  } catch (error) {
    expect((error as Error).message).to.match(/is -0/);
  }
}

describe('the codec', () => {
  it('survives random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), unpackSafely), {
      numRuns: 20_000,
    });
  });

  it('survives damaged messages', () => {
    const message = packArguments([
      'account',
      new Point(1, 2),
      {
        a: new Map([[1, new Set(['x'])]]),
        when: new Date(5),
        n: 1n << 80n,
        bytes: new Uint8Array(9),
        r: /x/,
      },
    ]).slice();
    fc.assert(
      fc.property(fc.nat(message.length - 1), fc.nat(255), (at, byte) => {
        const damaged = message.slice();
        damaged[at] = byte;
        unpackSafely(damaged);
        unpackSafely(message.slice(0, at + 1));
      }),
      { numRuns: 5_000 },
    );
    // Nothing that was read before spoils what is read after.
    expect(unpack(packArguments([1, 'x']).slice())).to.deep.equal([1, 'x']);
  });

  const raw = new Packr({ moreTypes: true });
  const forge = (value: unknown): Uint8Array => Uint8Array.from(raw.pack(value));
  const forgeValue = (datum: unknown): Uint8Array => Uint8Array.from([0xd4, 0x56, 0, ...forge(datum)]);

  const forged: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['nothing', new Uint8Array(0), /hold no message/],
    ['trailing garbage', Uint8Array.from([...forge([1]), 7]), /end of buffer not reached/],
    ['a truncated string', forge('hello world').slice(0, 5), /no readable value/],
    ['an unknown value', forgeValue(['nobody', 1]), /'nobody', and no @Value class of that name/],
    ['another version', forgeValue(['test-point', 9]), /'test-point' has version 9, .* has version 3/],
    ['a value with a nameless field', forgeValue(['test-point', 3, 1, 2]), /a field without a proper name/],
    [
      'a value with a new prototype',
      forgeValue(['test-point', 3, '__proto__', {}]),
      /a field without a proper name/,
    ],
    ['a value that is none', forgeValue('x'), /is not \[name, version, key, field/],
    ['an error', forge(new Error('x')), /cannot be sent/],
    ['a bomb of nesting', new Uint8Array(100_000).fill(0x91), /no readable value/],
    [
      'nesting over the limit',
      forge(Array.from({ length: 40 }).reduce<unknown>(inner => [inner], 1)),
      /more than 34/,
    ],
    [
      'a cycle by reference',
      Uint8Array.from([0xd6, 0x69, 0, 0, 0, 1, 0x91, 0xd6, 0x70, 0, 0, 0, 1]),
      /disabled/,
    ],
    [
      'an array longer than the message',
      Uint8Array.from([0xdd, 0xff, 0xff, 0xff, 0xff, 1]),
      /no readable value/,
    ],
  ];
  for (const [title, bytes, sentence] of forged) {
    it(`refuses ${title}`, () => {
      expect(() => unpack(bytes)).to.throw(BowechoError, sentence);
    });
  }

  it('makes values without running constructors or setters', () => {
    const trapped = unpack(forgeValue(['test-point', 3, 'x', 1, 'y', 2, 'trap', 3])) as Point;
    expect(trapped).to.be.instanceOf(Point);
    expect(trapped.touched).to.equal(undefined);
  });

  it('gives bytes that the receiver owns, as plain Uint8Arrays', () => {
    for (const size of [3, 200, 100_000]) {
      const ring = new Uint8Array(300_000);
      const message = packArguments([new Uint8Array(size).fill(7), Buffer.alloc(size, 8)]);
      ring.set(message, 100);
      const [bytes, buffer] = unpack(ring, 100, 100 + message.length) as [Uint8Array, Uint8Array];
      ring.fill(0);
      pack('something else');
      unpack(packArguments([new Uint8Array(4 * size)]).slice());
      expect(Object.getPrototypeOf(bytes)).to.equal(Uint8Array.prototype);
      expect(Object.getPrototypeOf(buffer)).to.equal(Uint8Array.prototype);
      expect(bytes).to.deep.equal(new Uint8Array(size).fill(7));
      expect(buffer).to.deep.equal(new Uint8Array(size).fill(8));
      expect(bytes.buffer.byteLength).to.equal(size);
    }
  });

  it('refuses bytes outside the array', () => {
    expect(codeOf(() => unpack(new Uint8Array(4), 2, 9))).to.equal('NOT_SERIALIZABLE');
  });

  it('copies byte arrays out of the message, or lends them where it is asked to', () => {
    const sent = { blob: Uint8Array.from([1, 2, 3, 4]), list: [new Uint8Array(300).fill(7)] };
    const message = new Uint8Array(1024);
    const packed = pack(sent);
    message.set(packed, 100);
    const end = 100 + packed.length;
    const owned = unpack(message, 100, end) as typeof sent;
    const borrowed = unpack(message, 100, end, true) as typeof sent;
    expect([owned, borrowed]).to.deep.equal([sent, sent]);
    expect(Object.getPrototypeOf(borrowed.blob)).to.equal(Uint8Array.prototype);
    expect(borrowed.blob.buffer).to.equal(message.buffer);
    message.fill(0);
    expect(owned).to.deep.equal(sent);
    expect([...borrowed.blob], 'a loan ends with the bytes').to.deep.equal([0, 0, 0, 0]);
  });
});
