/**
 * InstanceReplies is what one instance remembers of the commands that had an idempotency key: how each ended, for a
 * repeat of it. It is state like the instance's own, the same at every replica, and it outlives the instance: a command
 * that destroyed it must not make a new one when it is repeated.
 *
 * Keys leave by age, the oldest first, so a queue is enough. Answers leave sooner where they are many or large; their
 * keys stay, because a command must not run twice only for the size of what it answered.
 *
 * An answer is kept as bytes. A caller may do with its answer what it likes, and the next one must not see that.
 */
import { BowechoError, fail, type DidExecute } from '@bowecho/core';
import { pack, unpack } from '../codec/codec.js';
import { LIMITS } from '../config/limits.js';
import { hash64, hash64OfBytes } from '../state/hash.js';
import { Fifo } from './fifo.js';
import { outcomeFields, outcomeOf, type Outcome } from './outcome.js';

/** One command that ran, as plain data. */
export interface Reply {
  /** The idempotency key. */
  readonly key: string;
  /** Id of the method. */
  readonly method: number;
  /** Of the arguments' bytes. */
  readonly argsHash: bigint;
  /** When the command was ordered, microseconds. */
  readonly time: number;
  readonly didExecute: DidExecute;
  /** How large the answer was. */
  readonly answerBytes: number;
  /** An outcome, packed; undefined where it is not kept. */
  readonly answer: Uint8Array | undefined;
}

/** All that one instance remembers, as plain data. */
export interface SavedReplies {
  /** Oldest first. */
  readonly replies: readonly Reply[];
  readonly forgottenUpTo: number;
}

interface Entry {
  reply: Reply;
  hash: bigint;
}

export class InstanceReplies {
  private readonly byKey = new Map<string, Entry>();
  private readonly order = new Fifo<Entry>();
  /** Those of `order` whose answers are kept. */
  private readonly answered = new Fifo<Entry>();
  private answerBytes = 0;
  private hashes = 0n;
  private forgotten = -Infinity;

  /** @param owner the instance's key */
  constructor(readonly owner: string) {}

  get isEmpty(): boolean {
    return this.byKey.size === 0;
  }

  /** When the oldest was ordered, microseconds; Infinity if there is none. */
  get oldestTime(): number {
    return this.order.first?.reply.time ?? Infinity;
  }

  /** When the oldest was ordered whose answer is kept, microseconds; Infinity if there is none. */
  get oldestAnswerTime(): number {
    return this.answered.first?.reply.time ?? Infinity;
  }

  get keyCount(): number {
    return this.byKey.size;
  }

  /** Bytes of the answers that are kept. */
  get keptBytes(): number {
    return this.answerBytes;
  }

  /** When the youngest was ordered that left because there were too many, microseconds; -Infinity: none has. */
  get forgottenUpTo(): number {
    return this.forgotten;
  }

  get(key: string): Reply | undefined {
    return this.byKey.get(key)?.reply;
  }

  add(reply: Reply): void {
    const entry = { reply, hash: hashOf(reply) };
    this.byKey.set(reply.key, entry);
    this.order.push(entry);
    this.hashes += entry.hash;
    if (reply.answer !== undefined) {
      this.answered.push(entry);
      this.answerBytes += reply.answerBytes;
    }
    while (this.answerBytes > LIMITS.keptAnswers.max) this.dropOldestAnswer();
    while (this.byKey.size > LIMITS.rememberedKeys.max) {
      this.forgotten = this.oldestTime;
      this.forgetOldest();
    }
  }

  /** Forgets all that were ordered at `time` or before. */
  forgetUpTo(time: number): void {
    while (!this.isEmpty && this.oldestTime <= time) this.forgetOldest();
  }

  /** 64 bits that are equal where the same is remembered. */
  get digest(): bigint {
    return BigInt.asUintN(64, this.hashes + hash64(`forgotten ${this.forgotten}`));
  }

  save(): SavedReplies {
    return {
      replies: [...this.byKey.values()].map(({ reply }) => reply),
      forgottenUpTo: this.forgotten,
    };
  }

  /** Takes over what was saved. To be called when nothing is remembered. */
  restore({ replies, forgottenUpTo }: SavedReplies): void {
    this.forgotten = forgottenUpTo;
    for (const reply of replies) this.add(reply);
  }

  /** Forgets the oldest, of which there is one. */
  forgetOldest(): void {
    const entry = this.order.shift()!;
    if (this.answered.first === entry) {
      this.answered.shift();
      this.answerBytes -= entry.reply.answerBytes;
    }
    this.byKey.delete(entry.reply.key);
    this.hashes -= entry.hash;
  }

  /** Of the oldest whose answer is kept only the key stays. There is one. */
  dropOldestAnswer(): void {
    const entry = this.answered.shift()!;
    this.answerBytes -= entry.reply.answerBytes;
    this.hashes -= entry.hash;
    entry.reply = { ...entry.reply, answer: undefined };
    entry.hash = hashOf(entry.reply);
    this.hashes += entry.hash;
  }
}

/** What is remembered of a command that ended so. */
export function replyOf(
  key: string,
  method: number,
  argsHash: bigint,
  time: number,
  outcome: Outcome,
): Reply {
  const didExecute = outcome.ok ? 'yes' : (outcome.error.didExecute ?? 'unknown');
  const packed = pack(outcomeFields(outcome));
  const answerBytes = packed.length;
  // What the packer gives is a view of a buffer that it uses again.
  const answer = answerBytes <= LIMITS.keptAnswer.max ? new Uint8Array(packed) : undefined;
  return { key, method, argsHash, time, didExecute, answerBytes, answer };
}

/**
 * How a repeat of that command ends: as the command did. Where the answer is not kept, it says what is true of the command.
 *
 * @param label names the call, for error sentences
 */
export function outcomeOfReply({ key, answer, answerBytes, didExecute }: Reply, label: string): Outcome {
  if (answer !== undefined) return outcomeOf(unpack(answer)) ?? fail(`the answer kept for '${key}' is none`);
  const { keptAnswer, keptAnswers, keptInSet } = LIMITS;
  const sentence =
    `${label} was made before under idempotencyKey '${key}', and its answer of ${answerBytes} bytes is not kept: ` +
    `${keptAnswer.max} bytes of one answer, the last ${keptAnswers.max} of an instance's and the last ${keptInSet.max} of its ` +
    'shards are; ask the actor by a query';
  return { ok: false, error: new BowechoError('REPLY_NOT_KEPT', sentence, { didExecute }) };
}

function hashOf({ key, method, argsHash, time, didExecute, answer }: Reply): bigint {
  const answerHash = answer === undefined ? 'none' : hash64OfBytes(answer).toString(16);
  return hash64(`${key.length}:${key} ${method} ${argsHash} ${time} ${didExecute} ${answerHash}`);
}
