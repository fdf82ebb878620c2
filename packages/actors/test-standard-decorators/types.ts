/**
 * Type tests of the decorators under the standard (TC39) convention; the same programs as in test/types for the legacy
 * one. Never run: each `@ts-expect-error` is a program that must not compile.
 */
import { Command, Query, Replicated } from '../src/definition/index.js';

@Replicated({ name: 'types-standard' })
export class Standard {
  private value = 0;

  @Command() add(by: number): number {
    return (this.value += by);
  }
  @Command({ args: [String, () => Date], borrow: true }) typed(name: string, at: Date): string {
    return name + String(at);
  }
  @Query() read(): number {
    return this.value;
  }
  @Query() loose(): unknown {
    return this.value;
  }
  @Command() never(): never {
    throw new Error('always');
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
}

// @ts-expect-error: every replica makes the first state without arguments
@Replicated({ name: 'types-constructor' })
export class NeedsArguments {
  constructor(readonly size: number) {}
}
