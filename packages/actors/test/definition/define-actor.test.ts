/**
 * Goal: an actor without decorators is an actor like any other. Method: the same counter written three ways has the same
 * definition and does the same.
 */
import { expect } from 'chai';
import {
  checkArguments,
  Command,
  defineActor,
  definitionOf,
  Query,
  Replicated,
} from '../../src/definition/index.js';
import type { ActorClass } from '../../src/definition/index.js';
import { thrown } from './thrown.js';

@Replicated({ name: 'counter', shards: 2 })
class Decorated {
  value = 0;
  @Command() add(by: number): number {
    return (this.value += by);
  }
  @Query() read(): number {
    return this.value;
  }
  onViewChange(): void {
    this.value = 0;
  }
}

class Plain {
  value = 0;
  add(by: number): number {
    return (this.value += by);
  }
  read(): number {
    return this.value;
  }
  onViewChange(): void {
    this.value = 0;
  }
}

const ByClass = defineActor(Plain, {
  name: 'counter',
  shards: 2,
  commands: { add: { args: [Number] } },
  queries: { read: { args: [] } },
});

const ByFunctions = defineActor({
  name: 'counter',
  shards: 2,
  state: () => ({ value: 0 }),
  commands: {
    add(state, by: number) {
      return (state.value += by);
    },
  },
  queries: { read: state => state.value },
  args: { add: [Number], read: [] },
  onViewChange(state) {
    state.value = 0;
  },
});

const ways: [string, ActorClass<{ add(by: number): number; read(): number }>][] = [
  ['decorators', Decorated],
  ['defineActor(Class)', ByClass],
  ['defineActor({ state })', ByFunctions],
];

describe('defineActor', () => {
  for (const [what, Actor] of ways) {
    it(`${what}: has the same definition and does the same`, () => {
      expect(definitionOf(Actor).fingerprint).to.equal(definitionOf(Decorated).fingerprint);
      const actor = new Actor();
      expect([actor.add(2), actor.add(3), actor.read()]).to.deep.equal([2, 5, 5]);
      expect(Object.entries(actor)).to.deep.equal([['value', 5]]);
      expect(new Actor().read()).to.equal(0);
      (actor as unknown as Decorated).onViewChange();
      expect(actor.read()).to.equal(0);
      expect(thrown(() => checkArguments(definitionOf(Actor).method('add'), ['1'])).message).to.include(
        'counter.add: argument 0 must be a number',
      );
    });
  }

  it('has the class that was given, and names the one it makes', () => {
    expect(ByClass).to.equal(Plain);
    expect(ByFunctions.name).to.equal('counter');
  });

  it('judges handlers as they were written, not as they are wrapped', () => {
    const Bad = defineActor({
      name: 'bad',
      state: () => ({ value: 0 }),
      // @ts-expect-error: an async handler, and one that is no function
      commands: { later: async () => Promise.resolve(), missing: 5, short: (_s: object, a: number) => a },
      args: { short: [] },
      borrow: ['later'],
      replica: 2,
    });
    expect(thrown(() => definitionOf(Bad)).problems).to.deep.equal([
      "the definition has no option 'replica': did you mean 'replicas'?",
      'bad.later is an async function: a command or query is synchronous; await before the call',
      'bad.missing is not a method',
      'bad.short: `args` describes 0 of 1 parameters',
    ]);
  });

  it('knows defaults and rest parameters behind the state', () => {
    const Rest = defineActor({
      name: 'rest',
      state: () => ({}),
      commands: { run: (_state, first: string, ...rest: number[]) => [first, rest] },
      args: { run: [String, Number] },
    });
    const { run } = { run: definitionOf(Rest).method('run') };
    checkArguments(run, ['a', 1, 2]);
    expect(thrown(() => checkArguments(run, ['a', 1, 'b'])).message).to.include(
      'argument 2 must be a number',
    );
  });

  it('refuses a name that is both a command and a query, and one that is state and method', () => {
    const Both = defineActor({
      name: 'both',
      state: () => ({}),
      commands: { run: () => 1 },
      queries: { run: () => 1 },
    });
    expect(thrown(() => definitionOf(Both)).problems).to.deep.equal([
      'run is decorated with both @Command and @Query',
    ]);
    const Hidden = defineActor({ name: 'hidden', state: () => ({ run: 1 }), commands: { run: () => 1 } });
    expect(thrown(() => new Hidden()).message).to.equal(
      "hidden: 'run' is both a field of the state and a method",
    );
  });
});
