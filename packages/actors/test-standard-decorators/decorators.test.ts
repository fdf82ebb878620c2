/**
 * Goal: the same decorators work under the standard (TC39) convention, where no metadata exists. Method: this project is
 * compiled without `experimentalDecorators`; what it defines is compared with golden text.
 */
import { expect } from 'chai';
import { BowechoError } from '@bowecho/core';
import { checkArguments, Command, definitionOf, Query, Replicated } from '../src/definition/index.js';
import type { ActorClass } from '../src/definition/index.js';

class Base {
  @Command() reset(): void {}
}

@Replicated({ name: 'standard', shards: 4 })
class Standard extends Base {
  private value = 0;
  @Command({ args: [Number] }) add(by: number): number {
    return (this.value += by);
  }
  @Command() unchecked(by: number): number {
    return by;
  }
  @Query() read(): number {
    return this.value;
  }
}

function problemsOf(actor: ActorClass): readonly string[] {
  try {
    definitionOf(actor);
  } catch (error) {
    if (error instanceof BowechoError) return error.problems;
    throw error;
  }
  return [];
}

describe('standard decorators', () => {
  it('define the actor, inherited commands too', () => {
    const lines = definitionOf(Standard).fingerprint.split('\n');
    expect(lines.slice(0, 4)).to.deep.equal(['name standard', 'version 1', 'replicas 3', 'shards 4']);
    expect(lines.slice(-4)).to.deep.equal([
      'command add(a number)',
      'query read(unchecked)',
      'command reset(unchecked)',
      'command unchecked(unchecked)',
    ]);
    expect(new Standard().add(2)).to.equal(2);
  });

  it('check arguments by `args` and leave the others alone', () => {
    const definition = definitionOf(Standard);
    expect(() => checkArguments(definition.method('add'), ['1'])).to.throw('argument 0 must be a number');
    checkArguments(definition.method('unchecked'), ['1', 2, 3]);
  });

  it('keep the methods of sibling classes apart', () => {
    @Replicated({ name: 'sibling' })
    class Sibling extends Base {
      @Query() other(): void {}
    }
    expect(definitionOf(Sibling).methods.map(method => method.name)).to.deep.equal(['other', 'reset']);
  });

  it('report every problem at once', () => {
    @Replicated({ name: 'bad' })
    class Bad {
      // @ts-expect-error: async
      @Command() async later(): Promise<void> {
        await Promise.resolve();
      }
      @Command() static shared(): void {}
      @Command() #hidden(): void {}
      @Command() @Query() both(): void {
        this.#hidden();
      }
      // @ts-expect-error: an accessor
      @Query() get accessor(): number {
        return 1;
      }
    }
    const problems = problemsOf(Bad);
    for (const sentence of [
      'bad.later is an async function',
      'shared is a static member',
      '#hidden is a #private method',
      '#hidden: #private members cannot be seen as state',
      'both is decorated with both @Command and @Query',
      'accessor is an accessor',
    ]) {
      expect(
        problems.filter(problem => problem.includes(sentence)),
        sentence,
      ).to.have.lengthOf(1);
    }
    expect(problems).to.have.lengthOf(6);
  });

  it('report the problems of a base class once, with an undecorated class between', () => {
    class Bad {
      @Command() static shared(): void {}
    }
    class Between extends Bad {}
    @Replicated({ name: 'below' })
    class Below extends Between {
      @Command() run(): void {}
    }
    expect(problemsOf(Below)).to.deep.equal([
      'shared is a static member: @Command is for public methods of instances',
    ]);
  });

  it('find a method that another decorator wrapped', () => {
    const wrapped = <F extends (...args: never[]) => unknown>(method: F): F =>
      function (this: unknown, ...args: never[]) {
        return method.apply(this, args);
      } as F;
    @Replicated({ name: 'wrapped' })
    class Wrapped {
      @wrapped @Command({ args: [Number] }) add(by: number): number {
        return by;
      }
    }
    expect(definitionOf(Wrapped).methods.map(method => method.name)).to.deep.equal(['add']);
  });
});
