/**
 * BowechoError is every error that a caller can meet. `code` is stable and comes from the closed list below;
 * the sentence is for people and may change. `docs/errors.md` has a heading per code (a test compares the two).
 *
 * Errors about a call also say whether the command took effect: `didExecute`. "A timeout, and you guess" is what this
 * project exists to end, so `unknown` is used only where nobody can know yet.
 */

/** Every code, with one line of meaning. */
export const ERROR_CODES = {
  CONFIG_INVALID: 'the configuration has problems; all of them are listed in `problems`',
  ACTOR_INVALID:
    'an actor class or definition cannot be replicated as it is; all problems are listed in `problems`',
  ACTOR_UNKNOWN: 'no actor of that name, class or method is registered with this cluster',
  ACTOR_MISMATCH: 'members of one cluster define an actor differently',
  METADATA_MISSING: 'the loader dropped the decorator metadata that says the argument types',
  ARGUMENT_INVALID: 'an argument has the wrong type or its schema refused it',
  KEY_REUSED: 'an idempotency key was used before for another call; nothing was executed',
  REPLY_NOT_KEPT: 'the command ran before under its idempotency key, and its answer is not kept',
  NOT_SERIALIZABLE: 'a value would not arrive as it was sent; the path to it is in the sentence',
  TOO_LARGE: 'a message exceeds a quarter of the ring',
  OVERLOADED: 'the bounded send queue is full; nothing was sent',
  TIMEOUT: 'the call was not answered in its time',
  ABORTED: 'the caller aborted the call by its signal',
  ASYNC_HANDLER: 'a command or query returned a promise; it was rolled back',
  HANDLER_THREW: 'the handler threw something else than an ActorError; it was rolled back',
  NONDETERMINISTIC: 'a handler used what differs between replicas, such as Date.now(); it was rolled back',
  READ_ONLY: 'a query tried to change state',
  INSIDE_HANDLER: 'a handler called an actor by a reference',
  OUTSIDE_HANDLER: 'ctx was used outside a handler',
  NOT_A_REPLICA: 'this member holds no replica of the shard that the key belongs to',
  BOOTSTRAP_TIMEOUT: 'not all founders came in time; the missing ones are named',
  ADDRESS_IN_USE: 'another process or member already listens at that address',
  FABRIC_UNAVAILABLE: 'the fabric asked for cannot be used here; the sentence says what is missing',
  PEER_UNREACHABLE: 'this fabric cannot reach the memory of another member',
  MEMORY_UNAVAILABLE: 'the operating system refused the memory that the tables need',
  MEMBER_LOST: 'the member that was to execute the call went away before it answered',
  VIEW_ENDED: 'the view ended before the call was delivered',
  HALTED: 'this member has halted and refuses work',
  CLOSED: 'the cluster was closed by its own process',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Whether the command of a failed call changed the replicated state. */
export type DidExecute = 'no' | 'yes' | 'unknown';

export interface ErrorDetails {
  /** For errors of a call: whether its command took effect. */
  readonly didExecute?: DidExecute;
  /** All problems found, one sentence each, where one error reports several. */
  readonly problems?: readonly string[];
  readonly cause?: unknown;
}

/**
 * An error with a stable code.
 *
 * @example
 * try {
 *   await counter.add(1);
 * } catch (error) {
 *   if (error instanceof BowechoError && error.code === 'OVERLOADED') await backOff();
 *   else throw error;
 * }
 */
export class BowechoError extends Error {
  override readonly name: string = 'BowechoError';
  readonly code: ErrorCode;
  readonly didExecute: DidExecute | undefined;
  readonly problems: readonly string[];

  constructor(code: ErrorCode, sentence: string, details: ErrorDetails = {}) {
    super(sentence, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.didExecute = details.didExecute;
    this.problems = details.problems ?? [];
  }
}

/** One error for a list of problems, so that a user mends all of them at once and not one per try. */
export function problemsError(code: ErrorCode, subject: string, problems: readonly string[]): BowechoError {
  const list = problems.map(problem => `\n  - ${problem}`).join('');
  const noun = problems.length === 1 ? 'problem' : 'problems';
  return new BowechoError(code, `${subject} has ${problems.length} ${noun}:${list}`, { problems });
}
