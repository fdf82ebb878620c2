/**
 * The errors that handlers give their callers. A throw in a handler is a result: the same at every replica, its changes
 * rolled back, never retried. `ActorError` is the one whose class, code and details reach the caller; any other throw
 * arrives as `RemoteError`, so that a bug in a handler is told from a refusal that it meant. Stack traces stay where they
 * arose: they differ between replicas and must not enter what replicas agree on.
 */
import { BowechoError, type DidExecute } from '@bowecho/core';

/**
 * A refusal that a handler means, with a code of the application's own.
 *
 * @example
 * if (have < amount) throw new ActorError('INSUFFICIENT', `${owner} is short`, { have });
 */
export class ActorError<D = unknown> extends Error {
  override readonly name = 'ActorError';
  /** The application's own code; Bowecho gives it no meaning. */
  readonly code: string;
  /** Whatever the codec carries; a caller gets a copy. */
  readonly details: D | undefined;
  /** `'no'`: its command was rolled back. `'unknown'` for actors with `atomic: false`, which keep what was changed. */
  readonly didExecute: DidExecute;

  /** @param didExecute what the host found; handlers leave it out */
  constructor(code: string, message: string, details?: D, didExecute: DidExecute = 'no') {
    super(message);
    this.code = code;
    this.details = details;
    this.didExecute = didExecute;
  }
}

/** A handler threw something that is no `ActorError`. */
export class RemoteError extends BowechoError {
  override readonly name = 'RemoteError';
  /** Name of what was thrown, such as `TypeError`. */
  readonly remoteName: string;

  constructor(remoteName: string, message: string, didExecute: DidExecute) {
    super('HANDLER_THREW', `${remoteName}: ${message}`, { didExecute });
    this.remoteName = remoteName;
  }
}
