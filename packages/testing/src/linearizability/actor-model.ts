/**
 * ActorModel is a user's actor as what it claims to be: one object, called by one caller after the other. It runs the user's
 * own class on the replica that members run, and compares what it answers with what callers were told.
 *
 * What handlers take from `ctx.now()`, `ctx.id()` and `ctx.random()` follows from the place of a call in the real order, which
 * nobody outside knows: here it is another one. Answers that depend on it are not explained by any order.
 */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { serialize } from 'node:v8';
import {
  ActorError,
  BowechoError,
  Journal,
  Replica,
  unpack,
  type ActorDefinition,
  type InstanceSnapshot,
  type Log,
  type MethodDefinition,
  type OnceOnly,
} from '@bowecho/actors';
import type { ReplicaSet } from '@bowecho/core';
import type { SequentialModel } from './linearize.js';

export interface ActorCall {
  readonly method: MethodDefinition;
  /** Arguments, packed. */
  readonly sent: Uint8Array;
  /** Of a command that was to run once. */
  readonly idempotencyKey: string | undefined;
  /** What the caller was told; undefined where nobody knows. */
  readonly answer: ActorAnswer | undefined;
}

export type ActorAnswer = { readonly value: unknown } | { readonly error: Error };

/** The state of one instance, as a value. */
export interface InstanceState {
  /** Undefined where there is nothing. */
  readonly tree: InstanceSnapshot | undefined;
  /**
   * Names it: of its bytes, for the order of a Map is state that answers can show, and digests of replicas do not see.
   */
  readonly name: string;
}

const NO_INSTANCE: InstanceState = { tree: undefined, name: '' };

/** @param set any set of that actor's shard: ids and random numbers are named by it */
export function actorModel(
  definition: ActorDefinition,
  key: string,
  set: ReplicaSet,
): SequentialModel<InstanceState, ActorCall> {
  const view = { id: 0, members: [], joined: [], left: [] };
  const replica = new Replica(definition, set, new Journal(), SILENT, view);
  /** What the replica holds; undefined after a call that came to nothing. */
  let held: InstanceState | undefined = NO_INSTANCE;
  let ordinal = 0;

  const hold = (state: InstanceState): void => {
    if (held?.name !== state.name) replica.restore(key, state.tree);
    held = undefined;
  };
  const stateNow = (): InstanceState => {
    const tree = replica.snapshot(key);
    if (tree === undefined) return NO_INSTANCE;
    return { tree, name: createHash('sha1').update(serialize(tree)).digest('base64') };
  };

  return {
    initial: NO_INSTANCE,

    apply(state, { method, sent, answer, idempotencyKey }) {
      hold(state);
      const args = unpack(sent) as readonly unknown[];
      const isQuery = method.kind === 'query';
      const at = { vid: 0, ordinal: ordinal++, time: 0, sender: 0 };
      const once = idempotencyKey === undefined ? undefined : onceOnly(idempotencyKey, sent);
      const outcome = isQuery
        ? replica.query(key, method, args)
        : replica.command(key, method, args, at, once);
      const told = outcome.ok ? { value: outcome.value } : { error: outcome.error };
      const isExplained = answer === undefined || isSame(told, answer);
      if (!isExplained && !isQuery) return undefined;
      held = isQuery ? state : stateNow();
      return isExplained ? held : undefined;
    },

    // What threw was rolled back; but that it threw is remembered under its key.
    isRead: ({ method, answer, idempotencyKey }) =>
      method.kind === 'query' ||
      (definition.atomic && idempotencyKey === undefined && answer !== undefined && 'error' in answer),

    keyOf: ({ name }) => name,
  };
}

/** What a member makes of such a call. All of one key are told apart by their arguments, whatever the hash. */
function onceOnly(idempotencyKey: string, sent: Uint8Array): OnceOnly {
  return {
    idempotencyKey,
    argsHash: createHash('sha1').update(sent).digest().readBigUInt64LE(),
    triedSince: -1,
  };
}

/** Whether two answers tell a caller the same. */
function isSame(told: ActorAnswer, answer: ActorAnswer): boolean {
  if ('value' in told) return 'value' in answer && isDeepStrictEqual(told.value, answer.value);
  if (!('error' in answer)) return false;
  const [mine, theirs] = [told.error, answer.error];
  if (mine instanceof ActorError)
    return (
      theirs instanceof ActorError &&
      mine.code === theirs.code &&
      mine.message === theirs.message &&
      isDeepStrictEqual(mine.details, theirs.details)
    );
  return (
    mine instanceof BowechoError &&
    theirs instanceof BowechoError &&
    mine.code === theirs.code &&
    mine.message === theirs.message
  );
}

function ignore(): void {
  // What a handler logs it has logged when it ran for its caller.
}

const SILENT: Log = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
