/**
 * Goal: a definition is a function of the class alone, whatever the order of its source, and its fingerprint names every
 * fact that members must share. Method: golden text, and pairs of classes that differ in one fact.
 */
import { expect } from 'chai';
import { z } from 'zod';
import { Value } from '../../src/codec/values.js';
import {
  Command,
  defineActor,
  definitionOf,
  describeMismatch,
  Query,
  Replicated,
} from '../../src/definition/index.js';
import type {
  ActorClass,
  CommandOptions,
  ReplicaRange,
  ReplicatedOptions,
} from '../../src/definition/index.js';
import { thrown } from './thrown.js';

@Value({ name: 'definition-money', version: 2 })
class Money {
  constructor(readonly cents: bigint) {}
}

@Replicated({
  name: 'bank',
  version: 3,
  replicas: 5,
  shards: 64,
  senders: 2,
  mode: 'unordered',
  atomic: false,
})
class Bank {
  @Query() zero(): number {
    return 0;
  }
  @Command({ args: [z.string(), () => Money], borrow: true }) deposit(owner: string, money: Money): string {
    return owner + String(money.cents);
  }
  @Command() add(by: number, at: Date, ...tags: string[]): void {
    void [by, at, tags];
  }
  undecorated(): void {}
  onViewChange(): void {}
}

@Replicated({ name: 'plain' })
class Plain {
  @Command() run(): void {}
}

describe('actor definition', () => {
  it('has the traits that were declared, methods by name, ids by position', () => {
    const definition = definitionOf(Bank);
    expect(
      definition.methods.map(({ id, name, kind, borrow }) => ({ id, name, kind, borrow })),
    ).to.deep.equal([
      { id: 0, name: 'add', kind: 'command', borrow: false },
      { id: 1, name: 'deposit', kind: 'command', borrow: true },
      { id: 2, name: 'zero', kind: 'query', borrow: false },
    ]);
    expect(definition).to.include({ Class: Bank, hasOnViewChange: true, hasSnapshot: false });
    expect(definition.method('zero')).to.equal(definition.methods[2]);
    expect(definitionOf(Bank)).to.equal(definition);
    expect(definition).to.be.frozen;
  });

  it('has a fingerprint with one fact per line', () => {
    expect(definitionOf(Bank).fingerprint).to.equal(
      [
        'name bank',
        'version 3',
        'replicas 5',
        'shards 64',
        'senders 2',
        'mode unordered',
        'atomic false',
        'onViewChange true',
        'snapshot false',
        'command add(a number, a Date, ...a string)',
        'command deposit(schema, a @Value definition-money@2)',
        'query zero()',
      ].join('\n'),
    );
  });

  it('has defaults', () => {
    expect(definitionOf(Plain)).to.include({
      version: 1,
      minReplicas: 1,
      replicas: 3,
      placement: undefined,
      shards: 1,
      senders: 'all',
      mode: 'ordered',
      atomic: true,
    });
  });

  it('takes replicas as the most, as a range, or as the least', () => {
    const rangeOf = (replicas: number | ReplicaRange): readonly number[] => {
      const Actor = defineActor({ name: 'ranged', state: () => ({}), commands: { run() {} }, replicas });
      const { minReplicas, replicas: most } = definitionOf(Actor);
      return [minReplicas, most];
    };
    expect(rangeOf(5)).to.deep.equal([1, 5]);
    expect(rangeOf({ min: 2, max: 4 })).to.deep.equal([2, 4]);
    expect(rangeOf({ min: 2 })).to.deep.equal([2, 3]);
    expect(rangeOf({ min: 5 })).to.deep.equal([5, 5]);
    expect(rangeOf({ max: 2 })).to.deep.equal([1, 2]);
  });

  it('refuses methods that were not declared, and says which there are', () => {
    const error = thrown(() => definitionOf(Bank).method('undecorated'));
    expect(error.code).to.equal('ACTOR_UNKNOWN');
    expect(error.message).to.equal("bank has no command or query 'undecorated'; it has add, deposit, zero");
  });

  it('inherits commands, and an override without a decorator stays what it overrides', () => {
    class Base {
      @Command() add(by: number): number {
        return by;
      }
      @Command() reset(): void {}
      @Query() read(): number {
        return 0;
      }
    }
    @Replicated({ name: 'derived' })
    class Derived extends Base {
      override add(by: number): number {
        return by * 2;
      }
      @Command() override read(): number {
        return 1;
      }
    }
    expect(definitionOf(Derived).fingerprint.split('\n').slice(-3)).to.deep.equal([
      'command add(a number)',
      'command read()',
      'command reset()',
    ]);
  });
});

describe('mismatch of definitions', () => {
  const counter = (
    options: Partial<ReplicatedOptions>,
    methods: Record<string, CommandOptions> = { add: {} },
  ) => {
    class Counter {
      add(): void {}
      sub(): void {}
    }
    return defineActor(Counter, { name: 'counter', ...options, commands: methods } as ReplicatedOptions);
  };
  const fingerprint = (actor: ActorClass): string => definitionOf(actor).fingerprint;
  const base = fingerprint(counter({}));

  it('is empty for two classes that say the same', () => {
    expect(describeMismatch(base, fingerprint(counter({})))).to.deep.equal([]);
  });

  const cases: [string, ActorClass, string[]][] = [
    ['name', counter({ name: 'other' }), ['name is counter here and other there']],
    ['version', counter({ version: 2 }), ['version is 1 here and 2 there']],
    ['replicas', counter({ replicas: 4 }), ['replicas is 3 here and 4 there']],
    ['least replicas', counter({ replicas: { min: 2, max: 3 } }), ['replicas is 3 here and 2 to 3 there']],
    ['nodes', counter({ nodes: ['n2', 'n1'] }), ['nodes is missing here and n1, n2 there']],
    ['placement', counter({ placement: () => [[0]] }), ['placement is missing here and its own there']],
    ['shards', counter({ shards: 2 }), ['shards is 1 here and 2 there']],
    ['senders', counter({ senders: 1 }), ['senders is all here and 1 there']],
    ['mode', counter({ mode: 'unordered' }), ['mode is ordered here and unordered there']],
    ['atomic', counter({ atomic: false }), ['atomic is true here and false there']],
    [
      'an argument',
      counter({}, { add: { args: [Number] } }),
      ['method add is a command of (unchecked) here and a command of (a number) there'],
    ],
    [
      'a further method',
      counter({}, { add: {}, sub: {} }),
      ['method sub is missing here and a command of (unchecked) there'],
    ],
    [
      'several facts',
      counter({ version: 2 }, { sub: {} }),
      [
        'version is 1 here and 2 there',
        'method add is a command of (unchecked) here and missing there',
        'method sub is missing here and a command of (unchecked) there',
      ],
    ],
  ];
  for (const [what, actor, sentences] of cases) {
    it(`names ${what}`, () => {
      expect(describeMismatch(base, fingerprint(actor))).to.deep.equal(sentences);
    });
  }

  it('calls a command that became a query one difference', () => {
    class Counter {
      add(): void {}
    }
    const actor = defineActor(Counter, { name: 'counter', queries: { add: {} } });
    expect(describeMismatch(base, fingerprint(actor))).to.deep.equal([
      'method add is a command of (unchecked) here and a query of (unchecked) there',
    ]);
  });
});
