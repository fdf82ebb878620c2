/**
 * Every default and every limit that a user can meet, in one table. `docs/configuration.md` shows the same table, and a
 * test compares the two, so a number that changes here without its line there fails the build.
 *
 * A limit is a range that a value is checked against where it enters: `resolveConfig` for the cluster, `definitionOf`
 * for actors, `actorKey` and `callOptions` for calls. Code behind those doors asserts and does not check again.
 */

/** What applies where the user says nothing. */
export const DEFAULTS = {
  /** Size of a sender's ring in bytes. A message above a quarter of it is refused. */
  ringBytes: 4 * 1024 * 1024,
  /** Bytes that may wait to be sent by one member per multicast, beyond which calls are refused as OVERLOADED. */
  queueBytes: 16 * 1024 * 1024,
  /** How long to wait for all founders, in milliseconds. */
  bootstrapTimeout: 30_000,
  /** How long a call may take, in milliseconds, where `$with({ timeout })` does not say. */
  callTimeout: 10_000,
  /** A member that is silent for so long is taken for lost, in milliseconds. */
  suspicionTimeout: 2_000,
  /** Copies of each shard of an actor type, while members last. */
  replicas: 3,
  /** Shards of an actor type. */
  shards: 1,
  /** Version of an actor's definition. */
  version: 1,
} as const;

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** What is allowed, both ends included. Sizes are bytes, times are milliseconds, names are counted in characters. */
export const LIMITS = {
  ringBytes: { min: 4 * 1024, max: 1024 * 1024 * 1024 },
  queueBytes: { min: 4 * 1024, max: 4 * 1024 * 1024 * 1024 },
  bootstrapTimeout: { min: 1, max: 86_400_000 },
  callTimeout: { min: 1, max: 86_400_000 },
  suspicionTimeout: { min: 100, max: 86_400_000 },
  seeds: { min: 1, max: 64 },
  replicas: { min: 1, max: 64 },
  shards: { min: 1, max: 4096 },
  version: { min: 1, max: 1_000_000 },
  /** Commands and queries of one actor together: a method travels as one byte. */
  methods: { min: 1, max: 255 },
  /** Characters of a member id or an actor name. */
  name: { min: 1, max: 64 },
  /** Characters of a listen address or seed. */
  address: { min: 1, max: 255 },
  /** Characters of a cluster's secret. */
  secret: { min: 16, max: 1024 },
  /** UTF-8 bytes of an actor's key. */
  keyBytes: { min: 1, max: 256 },
  /** Characters of a call's `idempotencyKey`. */
  idempotencyKey: { min: 1, max: 256 },
  /** Idempotency keys that are remembered per instance; the oldest leaves first. */
  rememberedKeys: { min: 0, max: 10_000 },
  /** The same per replica set, over all instances. */
  rememberedInSet: { min: 0, max: 100_000 },
  /** How long each of them is remembered, by the ordered time of commands. */
  rememberedFor: { min: 0, max: 600_000 },
  /** Bytes of one answer that is kept for a repeat. */
  keptAnswer: { min: 0, max: 64 * 1024 },
  /** Bytes of the answers that are kept per instance; the oldest leaves first, its key stays. */
  keptAnswers: { min: 0, max: 1024 * 1024 },
  /** The same per replica set, over all instances. */
  keptInSet: { min: 0, max: 64 * 1024 * 1024 },
} as const satisfies Record<string, Range>;

/** The characters of member ids and actor names: they appear in file names, metrics and addresses. */
const NAME_CHARACTERS = /^[A-Za-z0-9._-]+$/;

/** Whether `value` is a whole number inside `range`. */
export function isIntegerWithin(value: unknown, range: Range): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= range.min && value <= range.max;
}

/** Whether `value` can name a member or an actor. */
export function isName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length >= LIMITS.name.min &&
    value.length <= LIMITS.name.max &&
    NAME_CHARACTERS.test(value)
  );
}

/** The rule of `isName`, for error sentences. */
export const NAME_RULE = `${LIMITS.name.min} to ${LIMITS.name.max} of the characters A-Z a-z 0-9 . _ -`;
