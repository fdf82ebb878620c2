/**
 * Replies is what one replica remembers of commands with an idempotency key, by instance, and the rule that such a command
 * runs once: a repeat finds how the first ended. Both are ordered messages, so the second finds it even where its caller
 * sent it before the first was answered.
 *
 * It is replicated state. So its age is told by the ordered time of commands and never by a clock here, and everything that
 * changes it is a function of the sequence of commands.
 *
 * It is bounded for each instance, and for all of a replica set together: what is oldest by the ordered time leaves, which is the
 * same at every replica.
 *
 * What is forgotten could run again. A caller's own repeat has to come in time; but a repeat that the runtime sends by itself
 * says since when it has been tried, and is refused where its first try may have been forgotten.
 */
import { BowechoError } from '@bowecho/core';
import { LIMITS } from '../config/limits.js';
import type { MethodDefinition } from '../definition/actor-definition.js';
import {
  InstanceReplies,
  outcomeOfReply,
  replyOf,
  type Reply,
  type SavedReplies,
} from './instance-replies.js';
import { OldestFirst } from './oldest-first.js';
import type { Outcome } from './outcome.js';

/** What a command says of itself that is to run once. */
export interface OnceOnly {
  readonly idempotencyKey: string;
  /** Of the arguments' bytes: a repeat has the same. */
  readonly argsHash: bigint;
  /** When its caller's member first sent it, by that member's clock, microseconds; -1: this is the first time. */
  readonly triedSince: number;
}

/**
 * What left because it was too old, or because all instances together had too much: ordered times, microseconds; -Infinity: none.
 * With them one that knows some instances alone remembers of those what one does that knows all.
 */
export interface RepliesHorizon {
  /** Of the youngest that left because there were too many. */
  readonly forgottenUpTo: number;
  /** All that were ordered until then left by their age. */
  readonly expiredUpTo: number;
  /** Of the youngest whose answer left because there were too many bytes. */
  readonly withoutAnswerUpTo: number;
}

export class Replies {
  /** By the instance's key. */
  private readonly instances = new Map<string, InstanceReplies>();
  private readonly ages = new OldestFirst<InstanceReplies>(({ oldestTime }) => oldestTime);
  private readonly answerAges = new OldestFirst<InstanceReplies>(({ oldestAnswerTime }) => oldestAnswerTime);
  /** Over all instances: keys, and bytes of answers. */
  private keyCount = 0;
  private keptBytes = 0;
  /** When the youngest was ordered that left because all instances together had too many. */
  private forgottenUpTo = -Infinity;
  private expiredUpTo = -Infinity;
  private withoutAnswerUpTo = -Infinity;

  /** @param methods of the actor, by id */
  constructor(private readonly methods: readonly MethodDefinition[]) {}

  /** Keys of the instances that remember something. */
  keys(): IterableIterator<string> {
    return this.instances.keys();
  }

  /**
   * How that command ends without running; undefined: it is to run, and `keep` follows.
   *
   * @param time when it was ordered, microseconds
   */
  find(key: string, method: MethodDefinition, once: OnceOnly, time: number): Outcome | undefined {
    this.forgetUntil(time);
    const instance = this.instances.get(key);
    const reply = instance?.get(once.idempotencyKey);
    const forgottenUpTo = Math.max(
      instance?.forgottenUpTo ?? -Infinity,
      this.forgottenUpTo,
      time - FOR_MICROS,
    );
    const mayBeForgotten = once.triedSince >= 0 && once.triedSince - CLOCKS_APART_MICROS <= forgottenUpTo;
    if (reply === undefined && !mayBeForgotten) return undefined;
    const label = `${method.label} of ${JSON.stringify(key)}`;
    if (reply === undefined) return forgotten(label, once);
    if (reply.method === method.id && reply.argsHash === once.argsHash) return outcomeOfReply(reply, label);
    return this.reused(label, reply, method, mayBeForgotten);
  }

  /** Remembers how a command ended that `find` knew nothing of. */
  keep(key: string, method: MethodDefinition, once: OnceOnly, time: number, outcome: Outcome): void {
    let instance = this.instances.get(key);
    if (instance === undefined) {
      instance = new InstanceReplies(key);
      this.instances.set(key, instance);
    }
    const reply = replyOf(once.idempotencyKey, method.id, once.argsHash, time, outcome);
    this.change(instance, () => instance.add(reply));
    while (this.keptBytes > LIMITS.keptInSet.max) {
      const oldest = this.answerAges.first()!;
      this.withoutAnswerUpTo = oldest.oldestAnswerTime;
      this.change(oldest, () => oldest.dropOldestAnswer());
    }
    while (this.keyCount > LIMITS.rememberedInSet.max) {
      const oldest = this.ages.first()!;
      this.forgottenUpTo = oldest.oldestTime;
      this.change(oldest, () => oldest.forgetOldest());
    }
  }

  /** Every change of what an instance remembers goes through here, so that the sums are right. */
  private change(instance: InstanceReplies, make: () => void): void {
    this.keyCount -= instance.keyCount;
    this.keptBytes -= instance.keptBytes;
    make();
    this.keyCount += instance.keyCount;
    this.keptBytes += instance.keptBytes;
    if (instance.isEmpty && this.instances.get(instance.owner) === instance)
      this.instances.delete(instance.owner);
    this.ages.note(instance);
    this.answerAges.note(instance);
  }

  /** 64 bits that are equal where an instance remembers the same; undefined if it remembers nothing. */
  digest(key: string): bigint | undefined {
    return this.instances.get(key)?.digest;
  }

  save(key: string): SavedReplies | undefined {
    return this.instances.get(key)?.save();
  }

  /** Makes what an instance remembers what was saved. */
  restore(key: string, saved: SavedReplies | undefined): void {
    const before = this.instances.get(key);
    if (before !== undefined) this.change(before, () => before.forgetUpTo(Infinity));
    if (saved === undefined) return;
    const instance = new InstanceReplies(key);
    this.instances.set(key, instance);
    this.change(instance, () => instance.restore(saved));
  }

  get horizon(): RepliesHorizon {
    const { forgottenUpTo, expiredUpTo, withoutAnswerUpTo } = this;
    return { forgottenUpTo, expiredUpTo, withoutAnswerUpTo };
  }

  /** Forgets what one has forgotten who is at that horizon. */
  moveTo({ forgottenUpTo, expiredUpTo, withoutAnswerUpTo }: RepliesHorizon): void {
    this.forgottenUpTo = forgottenUpTo;
    this.expiredUpTo = expiredUpTo;
    this.withoutAnswerUpTo = withoutAnswerUpTo;
    this.forgetUpTo(Math.max(forgottenUpTo, expiredUpTo));
    while (this.answerAges.least <= withoutAnswerUpTo) {
      const oldest = this.answerAges.first();
      if (oldest === undefined || oldest.oldestAnswerTime > withoutAnswerUpTo) continue;
      this.change(oldest, () => oldest.dropOldestAnswer());
    }
  }

  /** Forgets what is too old at that time. */
  private forgetUntil(now: number): void {
    const tooOld = now - FOR_MICROS;
    if (tooOld <= this.expiredUpTo) return; // clocks of an unordered set's senders differ
    this.expiredUpTo = tooOld;
    this.forgetUpTo(tooOld);
  }

  private forgetUpTo(time: number): void {
    while (this.ages.least <= time) {
      const oldest = this.ages.first();
      if (oldest === undefined) return;
      this.change(oldest, () => oldest.forgetUpTo(time));
    }
  }

  private reused(label: string, first: Reply, method: MethodDefinition, mayBeForgotten: boolean): Outcome {
    const before =
      first.method === method.id ? 'the same with other arguments' : this.methods[first.method]!.label;
    const sentence =
      `${label} was not made: its idempotencyKey '${first.key}' was used before for ${before}; ` +
      'give each request a key of its own';
    // The first try of a repeat may have run before the key was given to another command.
    const didExecute = mayBeForgotten ? 'unknown' : 'no';
    return { ok: false, error: new BowechoError('KEY_REUSED', sentence, { didExecute }) };
  }
}

const FOR_MICROS = LIMITS.rememberedFor.max * 1000;

/** Clocks of members may be so far apart that a repeat is still refused where its first try may be forgotten. */
const CLOCKS_APART_MICROS = 10_000_000;

function forgotten(label: string, { idempotencyKey }: OnceOnly): Outcome {
  const sentence =
    `${label}: the member that was to make it was lost, and whether it did is not remembered any more under ` +
    `idempotencyKey '${idempotencyKey}' (the last ${LIMITS.rememberedKeys.max} keys are)`;
  return { ok: false, error: new BowechoError('MEMBER_LOST', sentence, { didExecute: 'unknown' }) };
}
