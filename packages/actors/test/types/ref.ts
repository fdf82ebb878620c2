/**
 * Type tests of `Ref<T>`: this file is never run. That it compiles is the test; each `@ts-expect-error` is a program
 * that must not compile, and the compiler complains where one does.
 */
import type { Ref } from '../../src/definition/index.js';
import type { HandlerView } from '../../src/ctx.js';

/** Compiles only where `A` and `B` are the same type, `any` excluded. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export function same<A, B>(_isSame: Same<A, B>): void {}

interface Tree {
  readonly value: number;
  readonly children: readonly Tree[];
}

export class Library {
  public title = 'library';
  private readonly shelves = new Map<string, Tree>();

  add(path: string, tree: Tree): Tree {
    this.shelves.set(path, tree);
    return tree;
  }
  anything(input: unknown): unknown {
    return input;
  }
  json(): Record<string, unknown> | undefined {
    return this.hidden();
  }
  find(title: string, limit?: number): string[] {
    return [title].slice(limit);
  }
  many(first: string, ...rest: number[]): number {
    return first.length + rest.length;
  }
  clear(): void {
    this.shelves.clear();
    this.guarded();
  }
  private hidden(): undefined {
    return undefined;
  }
  protected guarded(): void {}
  onViewChange(_view: HandlerView): void {}
  snapshot(): object {
    return {};
  }
  restore(_state: object): void {}
}

export async function results(ref: Ref<Library>, tree: Tree): Promise<void> {
  same<Awaited<ReturnType<typeof ref.add>>, Tree>(true);
  same<ReturnType<typeof ref.anything>, Promise<unknown>>(true);
  same<ReturnType<typeof ref.json>, Promise<Record<string, unknown> | undefined>>(true);
  same<ReturnType<typeof ref.clear>, Promise<void>>(true);
  same<Parameters<typeof ref.find>, [title: string, limit?: number | undefined]>(true);
  same<Parameters<typeof ref.many>, [first: string, ...rest: number[]]>(true);
  const deep: number | undefined = (await ref.add('a', tree)).children[0]?.children[0]?.value;
  void deep;
}

export async function faces(ref: Ref<Library>, tree: Tree): Promise<void> {
  same<typeof ref.$key, string>(true);
  same<ReturnType<typeof ref.$with>, Ref<Library>>(true);
  same<ReturnType<typeof ref.$tell.add>, void>(true);
  same<ReturnType<typeof ref.$all.find>, Promise<Map<string, string[]>>>(true);
  same<ReturnType<typeof ref.$all.anything>, Promise<Map<string, unknown>>>(true);
  await ref.$with({ timeout: 50 }).$with({ read: 'local' }).add('a', tree);
  for (const [node, found] of await ref.$all.find('a')) void [node, found.length];
  // @ts-expect-error: tell has no answer to wait for
  void ref.$tell.add('a', tree).then;
  // @ts-expect-error: no such read level
  ref.$with({ read: 'newest' });
  // @ts-expect-error: no such option
  ref.$with({ timeoutMs: 5 });
}

export async function refused(ref: Ref<Library>, tree: Tree): Promise<void> {
  // @ts-expect-error: the second argument is a tree
  await ref.add('a', 5);
  // @ts-expect-error: an argument is missing
  await ref.add('a');
  // @ts-expect-error: an argument too many
  await ref.clear(1);
  // @ts-expect-error: wrong argument through a face
  ref.$tell.add(5, tree);
  // @ts-expect-error: wrong argument through a face
  await ref.$all.find(5);
  // @ts-expect-error: private
  void ref.hidden;
  // @ts-expect-error: protected
  void ref.guarded;
  // @ts-expect-error: a hook
  void ref.onViewChange;
  // @ts-expect-error: a hook
  void ref.snapshot;
  // @ts-expect-error: a hook
  void ref.restore;
  // @ts-expect-error: a field
  void ref.title;
  // @ts-expect-error: a reference is no promise, so that awaiting it yields itself
  void ref.then;
}
