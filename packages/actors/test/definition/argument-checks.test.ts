/**
 * Goal: a wrong argument is refused at the caller with the method, the index and the reason; a right one costs nothing.
 * Method: tables per source of types (metadata, `args`, none) and schemas of two libraries.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import * as v from 'valibot';
import { z } from 'zod';
import { Value } from '../../src/codec/values.js';
import {
  checkArguments,
  Command,
  defineActor,
  definitionOf,
  Replicated,
} from '../../src/definition/index.js';
import type { ActorClass, ArgumentList, ReplicatedOptions } from '../../src/definition/index.js';
import { thrown } from './thrown.js';

@Value({ name: 'argument-money', version: 1 })
class Money {
  constructor(readonly cents: bigint) {}
}

interface Shape {
  readonly x: number;
}

@Replicated({ name: 'meta' })
class FromMetadata {
  @Command() text(a: string): void {
    void a;
  }
  @Command() number(a: number): void {
    void a;
  }
  @Command() boolean(a: boolean): void {
    void a;
  }
  @Command() bigint(a: bigint): void {
    void a;
  }
  @Command() date(a: Date): void {
    void a;
  }
  @Command() map(a: Map<string, number>): void {
    void a;
  }
  @Command() set(a: Set<string>): void {
    void a;
  }
  @Command() bytes(a: Uint8Array): void {
    void a;
  }
  @Command() list(a: readonly string[]): void {
    void a;
  }
  @Command() money(a: Money): void {
    void a;
  }
  @Command() shape(a: Shape): void {
    void a;
  }
  @Command() either(a: string | number | null): void {
    void a;
  }
  @Command() none(): void {}
  @Command() optional(a: number, b?: string): void {
    void [a, b];
  }
  @Command() defaulted(a = 1, b: string = 'x'): void {
    void [a, b];
  }
  @Command() rest(a: string, ...b: number[]): void {
    void [a, b];
  }
}

const check = (actor: ActorClass, method: string, ...args: unknown[]): readonly unknown[] =>
  checkArguments(definitionOf(actor).method(method), args);
const refusal = (actor: ActorClass, method: string, ...args: unknown[]): string => {
  const error = thrown(() => check(actor, method, ...args));
  expect(error.code).to.equal('ARGUMENT_INVALID');
  expect(error.didExecute).to.equal('no');
  return error.message;
};

describe('arguments checked by metadata', () => {
  const samples: [string, unknown, string][] = [
    ['text', 'a', 'a string'],
    ['number', 5, 'a number'],
    ['boolean', false, 'a boolean'],
    ['bigint', 5n, 'a bigint'],
    ['date', new Date(0), 'a Date'],
    ['map', new Map(), 'a Map'],
    ['set', new Set(), 'a Set'],
    ['bytes', new Uint8Array(2), 'a Uint8Array'],
    ['list', ['a'], 'an array'],
    ['money', new Money(5n), 'a @Value argument-money@1'],
  ];
  for (const [method, good, description] of samples) {
    it(`${method}: accepts its own kind and refuses every other`, () => {
      const args = [good];
      expect(checkArguments(definitionOf(FromMetadata).method(method), args)).to.equal(args);
      const others: unknown[] = [
        ...samples.filter(([other]) => other !== method).map(([, value]) => value),
        null,
        {},
      ];
      for (const bad of others) {
        expect(refusal(FromMetadata, method, bad)).to.match(
          new RegExp(`^meta\\.${method}: argument 0 must be ${description}, but is `),
        );
      }
    });
  }

  it('accepts anything where the compiler knows nothing: interfaces and unions', () => {
    fc.assert(
      fc.property(fc.anything(), value => {
        check(FromMetadata, 'shape', value);
        check(FromMetadata, 'either', value);
      }),
    );
  });

  it('accepts undefined, because optional parameters have the same metadata as required ones', () => {
    check(FromMetadata, 'optional', 1);
    check(FromMetadata, 'optional', 1, undefined);
    check(FromMetadata, 'optional');
    check(FromMetadata, 'defaulted');
    check(FromMetadata, 'defaulted', undefined, 'y');
    expect(refusal(FromMetadata, 'optional', 1, null)).to.include('argument 1 must be a string, but is null');
    // Without a written type the compiler says `Object` of a default, even where it infers `number` from it.
    check(FromMetadata, 'defaulted', 'anything');
    expect(refusal(FromMetadata, 'defaulted', 1, 2)).to.include('argument 1 must be a string');
  });

  it('refuses too many arguments, and knows rest parameters', () => {
    expect(refusal(FromMetadata, 'none', 1)).to.equal('meta.none takes no arguments, but got 1');
    expect(refusal(FromMetadata, 'text', 'a', 1)).to.equal('meta.text takes one argument, but got 2');
    expect(refusal(FromMetadata, 'optional', 1, 'a', 2)).to.equal(
      'meta.optional takes 2 arguments, but got 3',
    );
    check(FromMetadata, 'rest', 'a');
    check(FromMetadata, 'rest', 'a', 1, 2, 3);
    expect(refusal(FromMetadata, 'rest', 'a', 1, 'b')).to.include(
      'argument 2 must be a number, but is the text "b"',
    );
  });
});

const asynchronous = z.string().refine(async text => Promise.resolve(text !== 'bad'));
const throwing = { '~standard': { version: 1, vendor: 'test', validate: () => fail() } } as const;
const rejecting = {
  '~standard': { version: 1, vendor: 'test', validate: () => Promise.reject(new Error('x')) },
} as const;
function fail(): never {
  throw new TypeError('broken schema');
}

class Explicit {
  one(a: unknown): void {
    void a;
  }
  two(a: unknown, b: unknown): void {
    void [a, b];
  }
  defaulted(a: unknown, b: unknown = 1): void {
    void [a, b];
  }
  rest(a: unknown, ...b: unknown[]): void {
    void [a, b];
  }
}
const explicit = (method: keyof Explicit, args: ArgumentList): ActorClass => {
  class Copy extends Explicit {}
  const commands = { [method]: { args } };
  return defineActor(Copy, { name: 'explicit', commands } as ReplicatedOptions);
};

describe('arguments checked by `args`', () => {
  it('needs what has no default', () => {
    const actor = explicit('two', [Number, () => Money]);
    check(actor, 'two', 1, new Money(1n));
    expect(refusal(actor, 'two', 1)).to.equal(
      'explicit.two: argument 1 must be a @Value argument-money@1, but is undefined',
    );
    check(explicit('defaulted', [Number, String]), 'defaulted', 1);
    expect(refusal(explicit('defaulted', [Number, String]), 'defaulted')).to.include(
      'argument 0 must be a number',
    );
    expect(refusal(explicit('one', [Number]), 'one', 1, 2)).to.include('takes one argument, but got 2');
  });

  it('resolves thunks of lists and of entries when the definition is made', () => {
    check(
      explicit('one', () => [Money]),
      'one',
      new Money(1n),
    );
    check(explicit('rest', [String, () => Money]), 'rest', 'a', new Money(1n), new Money(2n));
    expect(refusal(explicit('rest', [String, () => Money]), 'rest', 'a', 1)).to.include(
      'argument 1 must be a @Value',
    );
  });

  it('lets the output of a schema travel, in a new array', () => {
    const actor = explicit('two', [z.string().trim(), v.pipe(v.string(), v.transform(Number))]);
    const args = [' a ', '5'];
    expect(checkArguments(definitionOf(actor).method('two'), args)).to.deep.equal(['a', 5]);
    expect(args).to.deep.equal([' a ', '5']);
  });

  it('gives back the same array where a schema changed nothing', () => {
    const args = ['a', Number.NaN];
    const actor = explicit('two', [z.string(), z.any()]);
    expect(checkArguments(definitionOf(actor).method('two'), args)).to.equal(args);
  });

  it('shows what the schema says, with the path', () => {
    expect(
      refusal(explicit('one', [v.pipe(v.string(), v.minLength(3, 'three letters'))]), 'one', 'ab'),
    ).to.equal('explicit.one: argument 0 is refused by its schema: three letters');
    const nested = z.object({ a: z.array(z.number('no number')), b: z.string('no text') });
    expect(refusal(explicit('one', [nested]), 'one', { a: [1, 'x'] })).to.equal(
      'explicit.one: argument 0 is refused by its schema: a.1: no number; b: no text',
    );
  });

  it('leaves undefined to the schema, and to a default where the schema refuses it', () => {
    expect(refusal(explicit('one', [z.number()]), 'one')).to.include('argument 0 is refused by its schema');
    check(explicit('one', [z.number().optional()]), 'one');
    expect(check(explicit('two', [z.number(), z.number().default(7)]), 'two', 1)).to.deep.equal([1, 7]);
    check(explicit('defaulted', [z.number(), z.number()]), 'defaulted', 1);
  });

  it('takes a callable schema for a schema and not for a thunk', () => {
    const callable = Object.assign((): never => fail(), { '~standard': z.string()['~standard'] });
    check(explicit('one', [callable]), 'one', 'a');
    expect(refusal(explicit('one', [callable]), 'one', 5)).to.include('argument 0 is refused by its schema');
  });

  it('leaves no rejection behind when it refuses an asynchronous schema', async () => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown): void => void unhandled.push(reason);
    process.prependListener('unhandledRejection', listen);
    refusal(explicit('one', [rejecting]), 'one', 'good');
    // Node reports unhandled rejections after the microtasks of the turn in which they happened.
    await new Promise(resolve => setImmediate(resolve));
    process.removeListener('unhandledRejection', listen);
    expect(unhandled).to.deep.equal([]);
  });

  it('refuses asynchronous schemas, and those that throw', () => {
    for (const schema of [asynchronous, rejecting]) {
      expect(refusal(explicit('one', [schema]), 'one', 'good')).to.equal(
        'explicit.one: argument 0 has an asynchronous schema; arguments are checked synchronously',
      );
    }
    expect(refusal(explicit('one', [throwing]), 'one', 1)).to.include('made its schema throw: broken schema');
  });
});

describe('arguments of which nothing is known', () => {
  it('are not checked', () => {
    const actor = defineActor({
      name: 'unknown',
      state: () => ({}),
      commands: { run: (_state, _a: number) => 0 },
    });
    const args = ['anything', 1, 2];
    expect(checkArguments(definitionOf(actor).method('run'), args)).to.equal(args);
  });
});
