/**
 * The type of everything that can be given where an actor is asked for: a decorated class, or what `defineActor` returns.
 * Both are classes that are constructed without arguments, so that every replica makes the same first state.
 */

/** A class of actors whose methods are those of `T`. */
export type ActorClass<T extends object = object> = new () => T;
