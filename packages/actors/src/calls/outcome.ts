/**
 * Outcome is how a handler ended, as a value: what it returned, or the error that its caller gets. It is the same at
 * every replica, and it can travel: a replica answers a member that asked for everybody's answer.
 */
import { BowechoError, ERROR_CODES, type DidExecute, type ErrorCode } from '@bowecho/core';
import { pack, unpack } from '../codec/codec.js';
import { copyResult } from '../codec/copy.js';
import { ActorError, RemoteError } from '../errors.js';

export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: ActorError | BowechoError };

/**
 * The error that a caller gets for what a handler threw.
 *
 * @param didExecute what is true of the handler's changes
 */
export function errorOfThrow(thrown: unknown, didExecute: DidExecute): ActorError | BowechoError {
  if (thrown instanceof ActorError) return actorErrorCopy(thrown, didExecute);
  if (thrown instanceof BowechoError) {
    return new BowechoError(thrown.code, thrown.message, { didExecute, cause: thrown.cause });
  }
  if (thrown instanceof Error) return new RemoteError(thrown.name, thrown.message, didExecute);
  return new RemoteError('thrown value', describeThrown(thrown), didExecute);
}

/** A caller must not hold references into state through `details`, nor get details that a replica elsewhere cannot send. */
function actorErrorCopy(error: ActorError, didExecute: DidExecute): ActorError | BowechoError {
  try {
    return new ActorError(error.code, error.message, copyResult(error.details));
  } catch (refusal) {
    const why = refusal instanceof Error ? refusal.message : String(refusal);
    return new BowechoError('NOT_SERIALIZABLE', `the details of ActorError ${error.code}: ${why}`, {
      didExecute,
    });
  }
}

function describeThrown(thrown: unknown): string {
  return typeof thrown === 'object' && thrown !== null ? 'an object that is no Error' : String(thrown);
}

/** The outcome as bytes. */
export function encodeOutcome(id: number, outcome: Outcome): Uint8Array {
  if (outcome.ok) return copyOf(pack([id, true, outcome.value]));
  const { error } = outcome;
  const isActorError = error instanceof ActorError;
  const fields = [
    isActorError,
    error.code,
    error.message,
    error.didExecute,
    isActorError ? error.details : undefined,
  ];
  const remoteName = error instanceof RemoteError ? error.remoteName : undefined;
  return copyOf(pack([id, false, [...fields, remoteName]]));
}

/** What the packer gives is a view of a buffer that it uses again, and `slice` of a Buffer is a view as well. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/**
 * What `encodeOutcome` was given.
 *
 * @throws BowechoError `NOT_SERIALIZABLE` for bytes that are no outcome
 */
export function decodeOutcome(bytes: Uint8Array): { readonly id: number; readonly outcome: Outcome } {
  const message = unpack(bytes);
  if (!Array.isArray(message) || message.length !== 3 || typeof message[0] !== 'number') refuse(bytes.length);
  const [id, ok, value] = message as [number, unknown, unknown];
  if (ok === true) return { id, outcome: { ok, value } };
  if (!Array.isArray(value) || value.length !== 6) refuse(bytes.length);
  const [isActorError, code, sentence, didExecute, details, remoteName] = value as unknown[];
  if (typeof code !== 'string' || typeof sentence !== 'string') refuse(bytes.length);
  if (isActorError === true)
    return { id, outcome: { ok: false, error: new ActorError(code, sentence, details) } };
  if (!(code in ERROR_CODES)) refuse(bytes.length);
  const executed: DidExecute = didExecute === 'no' || didExecute === 'yes' ? didExecute : 'unknown';
  if (typeof remoteName === 'string') {
    const message = sentence.startsWith(`${remoteName}: `) ? sentence.slice(remoteName.length + 2) : sentence;
    return { id, outcome: { ok: false, error: new RemoteError(remoteName, message, executed) } };
  }
  const error = new BowechoError(code as ErrorCode, sentence, { didExecute: executed });
  return { id, outcome: { ok: false, error } };
}

function refuse(bytes: number): never {
  throw new BowechoError('NOT_SERIALIZABLE', `${bytes} bytes are no answer of a replica`);
}
