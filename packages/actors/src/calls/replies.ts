/**
 * Replies is what one replica remembers of commands with an idempotency key, by instance, and the rule that such a command
 * runs once: a repeat finds how the first ended. Both are ordered messages, so the second finds it even where its caller
 * sent it before the first was answered.
 *
 * It is replicated state. So its age is told by the ordered time of commands and never by a clock here, and everything that
 * changes it is a function of the sequence of commands.
 *
 * What is forgotten could run again. A caller's own repeat has to come in time; but a repeat that the runtime sends by itself
 * says since when it has been tried, and is refused where its first try may have been forgotten.
 */
import { BowechoError } from '@bowecho/core';
import { LIMITS } from '../config/limits.js';
import type { MethodDefinition } from '../definition/actor-definition.js';
import { Deadlines } from './deadlines.js';
import {
  InstanceReplies,
  outcomeOfReply,
  replyOf,
  type Reply,
  type SavedReplies,
} from './instance-replies.js';
import type { Outcome } from './outcome.js';

/** What a command says of itself that is to run once. */
export interface OnceOnly {
  readonly idempotencyKey: string;
  /** Of the arguments' bytes: a repeat has the same. */
  readonly argsHash: bigint;
  /** When its caller's member first sent it, by that member's clock, microseconds; -1: this is the first time. */
  readonly triedSince: number;
}

export class Replies {
  /** By the instance's key. */
  private readonly instances = new Map<string, InstanceReplies>();
  /** When the oldest of an instance is to be forgotten. */
  private readonly expiries = new Deadlines<InstanceReplies>(({ isEmpty }) => isEmpty);

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
    const forgottenUpTo = Math.max(instance?.forgottenUpTo ?? -Infinity, time - FOR_MICROS);
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
      this.expiries.add(time + FOR_MICROS, instance);
    }
    instance.add(replyOf(once.idempotencyKey, method.id, once.argsHash, time, outcome));
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
    this.instances.get(key)?.forgetUpTo(Infinity);
    this.instances.delete(key);
    if (saved === undefined) return;
    const instance = InstanceReplies.restored(key, saved);
    this.instances.set(key, instance);
    this.expiries.add(instance.oldestTime + FOR_MICROS, instance);
  }

  /** Forgets what is too old at that time. */
  private forgetUntil(now: number): void {
    for (let due = this.expiries.takeDue(now); due !== undefined; due = this.expiries.takeDue(now)) {
      due.forgetUpTo(now - FOR_MICROS);
      if (due.isEmpty) this.instances.delete(due.owner);
      else this.expiries.add(due.oldestTime + FOR_MICROS, due);
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
    return { ok: false, error: new BowechoError('ARGUMENT_INVALID', sentence, { didExecute }) };
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
