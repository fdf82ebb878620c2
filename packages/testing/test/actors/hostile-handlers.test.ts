/** Handlers that do what no handler should: a mistake of one command must not halt a member, nor part the replicas. */
import { Command, Query, Replicated, type BowechoError, type Ref } from '@bowecho/actors';
import { simulate } from '@bowecho/testing';
import { expect } from 'chai';

/** A reference that got into a handler, as a module variable easily does. */
let leaked: Ref<Careless> | undefined;

@Replicated({ name: 'careless' })
class Careless {
  private list: number[] = [1];
  private box = { content: 'before' };

  @Command() push(value: number): number {
    return this.list.push(value);
  }
  @Command() freezeAndThrow(): void {
    this.list.push(2);
    Object.freeze(this.list);
    this.box.content = 'after';
    throw new Error('too late to undo');
  }
  @Command() callByReference(): void {
    this.list.push(3);
    leaked!.$tell.push(4);
  }
  @Command() askByReference(): void {
    void leaked!.items();
  }
  @Query() items(): number[] {
    return this.list;
  }
  @Query() content(): string {
    return this.box.content;
  }
}

@Replicated({ name: 'stubborn' })
class Stubborn {
  #secret = 1;
  @Command() raise(): number {
    this.#secret++;
    throw new Error('no');
  }
  @Query() secret(): number {
    return this.#secret;
  }
  snapshot(): unknown {
    return { secret: this.#secret };
  }
  restore(): void {
    throw new Error('I cannot go back');
  }
}

async function failureOf(call: Promise<unknown>): Promise<BowechoError> {
  return call.then(
    () => expect.fail('the call did not fail'),
    (error: BowechoError) => error,
  );
}

describe('a handler that', () => {
  it('freezes what it changed and throws is undone as far as can be, at every replica alike, and its caller is told', async () => {
    using sim = simulate({ actors: [Careless], seed: 1 });
    const careless = sim.get(Careless, 'c');
    await careless.push(5);
    const error = await failureOf(careless.freezeAndThrow());
    expect(error).to.include({ code: 'HANDLER_THREW', didExecute: 'unknown' });
    expect(await careless.content()).to.equal('before');
    expect(await careless.items()).to.deep.equal([1, 5, 2]);
    await sim.settle();
    expect((await failureOf(careless.push(6))).message, 'and it stays frozen').to.match(/TypeError/);
    expect((await failureOf(careless.push(6))).didExecute).to.equal('no');
    await sim.settle();
  });

  it('has a restore() that throws does not halt its member', async () => {
    using sim = simulate({ actors: [Stubborn], seed: 1 });
    const stubborn = sim.get(Stubborn, 's');
    expect(await failureOf(stubborn.raise())).to.include({ code: 'HANDLER_THREW', didExecute: 'unknown' });
    await sim.settle();
  });

  it('calls an actor by a reference is refused and undone at every replica', async () => {
    using sim = simulate({ actors: [Careless], seed: 1 });
    leaked = sim.get(Careless, 'c', { node: 1 });
    const careless = sim.get(Careless, 'c');
    await careless.push(5);
    for (const call of [careless.callByReference(), careless.askByReference()]) {
      expect(await failureOf(call)).to.include({ code: 'INSIDE_HANDLER', didExecute: 'no' });
    }
    await sim.settle();
    expect(await careless.items()).to.deep.equal([1, 5]);
  });
});
