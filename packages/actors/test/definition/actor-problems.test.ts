/**
 * Goal: what cannot be replicated is refused when it is registered, every problem at once, in sentences that say what to
 * do. Method: one bad class per rule, one class with many faults, and good classes next to the line.
 */
import { expect } from 'chai';
import { Command, defineActor, definitionOf, Query, Replicated } from '../../src/definition/index.js';
import type { ActorClass, ReplicatedOptions } from '../../src/definition/index.js';
import { thrown } from './thrown.js';

class NotAValue {
  readonly kind = 'plain';
}

const problemsOf = (actor: ActorClass): readonly string[] => {
  const error = thrown(() => definitionOf(actor));
  expect(error.code).to.equal('ACTOR_INVALID');
  return error.problems;
};

/** A class that is fine but for its options. */
function withOptions(options: unknown): ActorClass {
  class Fine {
    @Command() run(): void {}
  }
  Replicated(options as ReplicatedOptions)(Fine);
  return Fine;
}

describe('problems of an actor class', () => {
  const options: [string, unknown, string][] = [
    ['no name', {}, 'name must be 1 to 64 of the characters A-Z a-z 0-9 . _ -, but is undefined'],
    ['a name with a space', { name: 'a b' }, 'but is the text "a b"'],
    ['a long name', { name: 'x'.repeat(65) }, 'name must be 1 to 64'],
    ['an unknown option', { name: 'a', replica: 3 }, "no option 'replica': did you mean 'replicas'?"],
    [
      'no replicas',
      { name: 'a', replicas: 0 },
      'replicas must be a whole number from 1 to 64, but is the number 0',
    ],
    ['too many replicas', { name: 'a', replicas: 65 }, 'replicas must be'],
    [
      'replicas from more to fewer',
      { name: 'a', replicas: { min: 3, max: 2 } },
      'replicas.min must be no more than replicas.max, but they are 3 and 2',
    ],
    ['no replica at least', { name: 'a', replicas: { min: 0 } }, 'replicas.min must be a whole number'],
    ['a range of another name', { name: 'a', replicas: { most: 3 } }, "no option 'most'"],
    ['senders above the most replicas', { name: 'a', replicas: { max: 2 }, senders: 3 }, 'from 1 to 2'],
    ['no nodes', { name: 'a', nodes: [] }, 'nodes must be a list of different member ids'],
    ['a node twice', { name: 'a', nodes: ['n1', 'n1'] }, 'nodes must be a list of different member ids'],
    ['a placement that is no function', { name: 'a', placement: [[0]] }, 'placement must be a function'],
    ['half a shard', { name: 'a', shards: 1.5 }, 'shards must be a whole number from 1 to 4096'],
    ['a textual version', { name: 'a', version: '2' }, 'version must be a whole number'],
    ['more senders than replicas', { name: 'a', replicas: 2, senders: 3 }, 'whole number from 1 to 2'],
    ['another mode', { name: 'a', mode: 'fast' }, "mode must be 'ordered' or 'unordered'"],
    ['atomic as a text', { name: 'a', atomic: 'no' }, 'atomic must be true or false'],
    ['null for options', null, 'takes options'],
  ];
  for (const [what, given, sentence] of options) {
    it(`refuses ${what}`, () => {
      const problems = problemsOf(withOptions(given));
      expect(problems).to.have.lengthOf(1);
      expect(problems[0]).to.include(sentence);
    });
  }

  it('refuses a class without commands and queries', () => {
    @Replicated({ name: 'empty' })
    class Empty {
      undecorated(): void {}
    }
    expect(problemsOf(Empty)).to.deep.equal(['it has no @Command and no @Query, so nothing could be called']);
  });

  it('reports every problem of a class at once', () => {
    // @ts-expect-error: the constructor needs an argument
    @Replicated({ name: 'many', shards: 0 })
    class Many {
      #secret = 1;
      constructor(readonly size: number) {}
      // @ts-expect-error: async
      @Command() async later(): Promise<void> {
        await Promise.resolve(this.#secret);
      }
      @Command() *steps(): Generator<number> {
        yield 1;
      }
      // @ts-expect-error: returns a promise
      @Query() promised(): Promise<number> {
        return Promise.resolve(1);
      }
      @Command() static shared(): void {}
      @Command() then(): void {}
      @Command() $with(): void {}
      @Command() toString(): string {
        return '';
      }
      @Command() snapshot(): void {}
      @Command() @Query() both(): void {}
      @Command() @Command() twice(): void {}
      @Command() callback(done: () => void): void {
        done();
      }
      @Command() waits(value: Promise<number>): void {
        void value;
      }
      @Command() foreign(value: NotAValue): void {
        void value;
      }
      @Command() buffer(bytes: Buffer): void {
        void bytes;
      }
      @Command() symbolic(name: symbol): void {
        void name;
      }
      @Command({ args: [] }) short(value: number): void {
        void value;
      }
      @Command({ args: [5 as unknown as typeof Number] }) wrong(value: number): void {
        void value;
      }
      // @ts-expect-error: no such option
      @Query({ borrow: true }) lends(): void {}
      @Command() get accessor(): () => void {
        return () => undefined;
      }
      @Command() [Symbol.for('odd')](): void {}
    }
    const error = thrown(() => definitionOf(Many as unknown as ActorClass));
    const expected = [
      'shards must be a whole number from 1 to 4096, but is the number 0',
      'its constructor requires an argument',
      'it has snapshot() without restore()',
      '#secret: #private members cannot be seen as state',
      'many.later is an async function',
      'many.steps is a generator',
      'many.promised is declared to return a Promise',
      'shared is a static member',
      "many.then: 'then' is called by JavaScript or by Bowecho itself",
      'many.$with: names with $ are for what references add',
      "many.toString: 'toString' is called",
      "many.snapshot: 'snapshot' is called",
      'both is decorated with both @Command and @Query',
      'twice is decorated with @Command twice',
      "many.callback: parameter 0 is a Function: functions cannot travel, and a class that was imported with 'import type' looks like one",
      'many.waits: parameter 0 is a Promise',
      'many.foreign: parameter 0 is class NotAValue, which is not a @Value',
      'many.buffer: parameter 0 is a Buffer',
      'many.symbolic: parameter 0 is a symbol',
      'many.short: `args` describes 0 of 1 parameters',
      'many.wrong: parameter 0 must be a Standard Schema, a @Value class or a built-in constructor, but is the number 5',
      "many.lends: @Query has no option 'borrow'",
      'accessor is an accessor',
      'Symbol(odd) is a symbol',
    ];
    for (const sentence of expected) {
      expect(
        error.problems.filter(problem => problem.includes(sentence)),
        sentence,
      ).to.have.lengthOf(1);
    }
    expect(error.problems, error.message).to.have.lengthOf(expected.length);
    expect(error.message).to.match(new RegExp(`^actor class Many has ${expected.length} problems:\n  - `));
  });

  it('accepts #private fields with snapshot() and restore(), in a base class too', () => {
    class Base {
      #value = 1;
      snapshot(): object {
        return { value: this.#value };
      }
      restore(state: { value: number }): void {
        this.#value = state.value;
      }
    }
    @Replicated({ name: 'private' })
    class Derived extends Base {
      @Command() run(): void {}
    }
    expect(definitionOf(Derived).hasSnapshot).to.equal(true);
  });

  it('sees #private fields of a base class', () => {
    class Base {
      #value = 1;
      read(): number {
        return this.#value;
      }
    }
    @Replicated({ name: 'private-base' })
    class Derived extends Base {
      @Command() run(): void {}
    }
    expect(problemsOf(Derived)[0]).to.match(/^class Base has #value: /);
  });

  it('does not inherit the name of an actor', () => {
    @Replicated({ name: 'parent' })
    class Parent {
      @Command() run(): void {}
    }
    class Child extends Parent {}
    expect(thrown(() => definitionOf(Child)).message).to.equal(
      'class Child is not an actor: decorate it with @Replicated({ name }) or use defineActor; ' +
        'that its base class Parent is one is not inherited',
    );
  });

  it('refuses what is no class, and a class that is declared twice', () => {
    expect(thrown(() => definitionOf(42 as unknown as ActorClass)).message).to.equal(
      'an actor is a class, but this is the number 42',
    );
    const Fine = withOptions({ name: 'fine' });
    expect(thrown(() => defineActor(Fine, { name: 'again' })).message).to.equal(
      'class Fine is declared as an actor twice',
    );
  });

  it('refuses decorators without parentheses, which would do nothing', () => {
    const bare = Command as unknown as (target: object, name: string, descriptor: object) => void;
    expect(thrown(() => bare({}, 'run', {})).message).to.equal('write @Command(...) with parentheses');
    expect(thrown(() => Replicated(NotAValue)).message).to.equal('write @Replicated(...) with parentheses');
  });
});

describe('decorator metadata that a loader dropped', () => {
  /** What esbuild and tsx make of a decorated class: the decorators run, the metadata is not there. */
  function withoutMetadata(options?: Parameters<typeof Command>[0]): ActorClass {
    class Dropped {
      add(by: number): number {
        return by;
      }
      read(): number {
        return 0;
      }
    }
    const { prototype } = Dropped;
    Command(options)(prototype, 'add', Object.getOwnPropertyDescriptor(prototype, 'add'));
    Query()(prototype, 'read', Object.getOwnPropertyDescriptor(prototype, 'read'));
    Replicated({ name: 'dropped' })(Dropped);
    return Dropped;
  }

  it('is an error that names the cause and both ways out', () => {
    const error = thrown(() => definitionOf(withoutMetadata()));
    expect(error.code).to.equal('METADATA_MISSING');
    expect(error.problems).to.deep.equal([
      'dropped.add takes arguments, but the loader dropped the decorator metadata that says their types (esbuild and ' +
        'tsx do): compile with tsc and "emitDecoratorMetadata", or pass `args`',
    ]);
  });

  it('is not missed where `args` says the types', () => {
    const definition = definitionOf(withoutMetadata({ args: [Number] }));
    expect(definition.fingerprint).to.include('command add(a number)\nquery read(unchecked)');
  });
});
