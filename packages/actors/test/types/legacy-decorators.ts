/**
 * Type tests of the decorators under the legacy convention: what must compile and what must not. See ref.ts.
 */
import { Command, Query, Replicated } from '../../src/definition/index.js';

@Replicated({ name: 'types-legacy' })
export class Legacy {
  private value = 0;

  @Command() add(by: number): number {
    return (this.value += by);
  }
  @Command({ args: [String, () => Date], borrow: true }) typed(name: string, at: Date): string {
    return name + String(at);
  }
  @Command({ args: () => [Number] }) lazily(by: number): void {
    this.value += by;
  }
  @Query() read(): number {
    return this.value;
  }
  @Query() loose(): unknown {
    return this.value;
  }
  @Query() anything(): ReturnType<typeof JSON.parse> {
    return JSON.parse('1');
  }
  @Command() never(): never {
    throw new Error('always');
  }
  @Command() generic<T>(value: T): T {
    return value;
  }

  // @ts-expect-error: async
  @Command() async later(): Promise<number> {
    return Promise.resolve(this.value);
  }
  // @ts-expect-error: returns a promise
  @Query() promised(): Promise<number> {
    return Promise.resolve(this.value);
  }
  // @ts-expect-error: may return a promise
  @Command() sometimes(now: boolean): number | Promise<number> {
    return now ? 1 : Promise.resolve(1);
  }
  // @ts-expect-error: returns something that can be awaited
  @Query() thenable(): PromiseLike<void> {
    return Promise.resolve();
  }
  // @ts-expect-error: queries lend nothing
  @Query({ borrow: true }) borrowing(): void {}
  // @ts-expect-error: no such option
  @Command({ arguments: [] }) misspelt(): void {}
}

// @ts-expect-error: every replica makes the first state without arguments
@Replicated({ name: 'types-constructor' })
export class NeedsArguments {
  constructor(readonly size: number) {}
}

// @ts-expect-error: a name is needed
@Replicated({ version: 2 })
export class Nameless {}
