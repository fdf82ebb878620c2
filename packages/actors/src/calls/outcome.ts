/**
 * Outcome is how a handler ended, as a value: what it returned, or the error that its caller gets. It is the same at
 * every replica, and it can travel: a replica answers a member that asked for everybody's answer.
 */
import { BowechoError, ERROR_CODES, type DidExecute, type ErrorCode } from '@bowecho/core';
import { copyResult } from '../codec/copy.js';
import { ActorError, RemoteError } from '../errors.js';

export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: ActorError | BowechoError };

/**
 * The error that a caller gets for what a handler threw. It always gives one: whatever can be thrown may be built so that
 * looking at it throws (a getter, a proxy), and that must stay a failed call and not become a halted member.
 *
 * @param didExecute what is true of the handler's changes
 */
export function errorOfThrow(thrown: unknown, didExecute: DidExecute): ActorError | BowechoError {
  try {
    return readThrown(thrown, didExecute);
  } catch {
    // Why it cannot be read is of no use to anybody, and reading that might throw again.
    return new RemoteError('thrown value', 'it throws when it is looked at', didExecute);
  }
}

function readThrown(thrown: unknown, didExecute: DidExecute): ActorError | BowechoError {
  if (thrown instanceof ActorError) return actorErrorCopy(thrown, didExecute);
  if (thrown instanceof BowechoError && Object.hasOwn(ERROR_CODES, thrown.code)) {
    return new BowechoError(thrown.code, String(thrown.message), { didExecute, cause: thrown.cause });
  }
  if (thrown instanceof Error)
    return new RemoteError(String(thrown.name), String(thrown.message), didExecute);
  return new RemoteError('thrown value', describeThrown(thrown), didExecute);
}

/**
 * A caller must not hold references into state through `details`, nor get details that a replica elsewhere cannot send.
 * Code and message are made texts: nothing but the compiler keeps a handler from giving something else.
 */
function actorErrorCopy(error: ActorError, didExecute: DidExecute): ActorError | BowechoError {
  const code = String(error.code);
  try {
    return new ActorError(code, String(error.message), copyResult(error.details), didExecute);
  } catch (refusal) {
    const why = refusal instanceof Error ? refusal.message : String(refusal);
    return new BowechoError('NOT_SERIALIZABLE', `the details of ActorError ${code}: ${why}`, {
      didExecute,
    });
  }
}

function describeThrown(thrown: unknown): string {
  return typeof thrown === 'object' && thrown !== null ? 'an object that is no Error' : String(thrown);
}

/** The outcome as values that the codec carries; `outcomeOf` takes them. */
export function outcomeFields(outcome: Outcome): readonly unknown[] {
  if (outcome.ok) return [true, outcome.value];
  const { error } = outcome;
  const isActorError = error instanceof ActorError;
  const details = isActorError ? error.details : undefined;
  const remoteName = error instanceof RemoteError ? error.remoteName : undefined;
  return [false, isActorError, error.code, error.message, error.didExecute, details, remoteName];
}

/** The outcome of such values; undefined if they are none. */
export function outcomeOf(fields: unknown): Outcome | undefined {
  if (!Array.isArray(fields)) return undefined;
  const [ok, ...rest] = fields as readonly unknown[];
  if (ok === true) return { ok, value: rest[0] };
  const error = ok === false && rest.length === 6 ? errorOf(rest) : undefined;
  return error && { ok: false, error };
}

function errorOf(fields: readonly unknown[]): ActorError | BowechoError | undefined {
  const [isActorError, code, sentence, didExecute, details, remoteName] = fields;
  if (typeof code !== 'string' || typeof sentence !== 'string') return undefined;
  const executed: DidExecute = didExecute === 'no' || didExecute === 'yes' ? didExecute : 'unknown';
  if (isActorError === true) return new ActorError(code, sentence, details, executed);
  if (!Object.hasOwn(ERROR_CODES, code)) return undefined;
  if (typeof remoteName === 'string') {
    const message = sentence.startsWith(`${remoteName}: `) ? sentence.slice(remoteName.length + 2) : sentence;
    return new RemoteError(remoteName, message, executed);
  }
  return new BowechoError(code as ErrorCode, sentence, { didExecute: executed });
}
