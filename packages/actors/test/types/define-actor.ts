/**
 * Type tests of `defineActor`: state and parameters are inferred, and the reference has the methods without the state.
 * See ref.ts.
 */
import { defineActor } from '../../src/definition/index.js';
import type { ActorClass, Ref } from '../../src/definition/index.js';
import { same } from './ref.js';

/** How `cluster.get` infers a reference. */
declare function get<T extends object>(actor: ActorClass<T>, key: string): Ref<T>;

export async function byFunctions(): Promise<void> {
  const Counter = defineActor({
    name: 'types-counter',
    shards: 4,
    state: () => ({ value: 0, log: new Map<string, number>() }),
    commands: {
      add(state, by: number) {
        same<typeof state, { value: number; log: Map<string, number> }>(true);
        return (state.value += by);
      },
      note: (state, name: string, at?: Date) => {
        state.log.set(name, at?.getTime() ?? 0);
      },
    },
    queries: {
      read: state => state.value,
      find(state, name: string) {
        return state.log.get(name);
      },
    },
    args: { add: [Number], find: [String] },
    onViewChange(state, view) {
      state.value = view.id;
    },
  });
  const ref = get(Counter, 'a');
  same<ReturnType<typeof ref.add>, Promise<number>>(true);
  same<ReturnType<typeof ref.read>, Promise<number>>(true);
  same<ReturnType<typeof ref.find>, Promise<number | undefined>>(true);
  same<ReturnType<typeof ref.$tell.add>, void>(true);
  same<ReturnType<typeof ref.$all.read>, Promise<Map<string, number>>>(true);
  same<Parameters<typeof ref.note>, [name: string, at?: Date | undefined]>(true);
  await ref.add(1);
  // @ts-expect-error: wrong argument
  await ref.add('1');
  // @ts-expect-error: the state is not the caller's to give
  await ref.add({ value: 0 }, 1);
  // @ts-expect-error: no such method
  void ref.reset;
}

export const Asynchronous = defineActor({
  name: 'types-async',
  state: () => ({ value: 0 }),
  commands: {
    // @ts-expect-error: async
    later: async (state, by: number) => Promise.resolve(state.value + by),
  },
});

export function queriesOnly(): void {
  const Clock = defineActor({
    name: 'types-queries',
    state: () => ({ at: 5 }),
    queries: { read: state => state.at },
  });
  const ref = get(Clock, 'a');
  same<ReturnType<typeof ref.read>, Promise<number>>(true);
  // @ts-expect-error: no such method, though the actor says nothing of commands
  void ref.add;
}

export const UnknownArgs = defineActor({
  name: 'types-unknown-args',
  state: () => ({ value: 0 }),
  commands: { add: (state, by: number) => (state.value += by) },
  // @ts-expect-error: no such method
  args: { subtract: [Number] },
});

class Plain {
  private value = 0;
  add(by: number): number {
    return (this.value += by);
  }
  read(): number {
    return this.value;
  }
  undeclared(): void {}
  async later(): Promise<void> {
    await Promise.resolve();
  }
}

export async function byClass(): Promise<void> {
  const Actor = defineActor(Plain, {
    name: 'types-plain',
    commands: { add: { args: [Number] } },
    queries: { read: {} },
  });
  const ref = get(Actor, 'a');
  same<ReturnType<typeof ref.add>, Promise<number>>(true);
  same<ReturnType<typeof ref.read>, Promise<number>>(true);
  await ref.add(1);
  // @ts-expect-error: was not declared
  void ref.undeclared;
}

// @ts-expect-error: async
defineActor(Plain, { name: 'types-plain-async', commands: { later: {} } });
// @ts-expect-error: no such method
defineActor(Plain, { name: 'types-plain-unknown', commands: { subtract: {} } });
