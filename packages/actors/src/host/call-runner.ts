/**
 * CallRunner has a replica run what a delivered message asks for: at the members that the message was delivered to, and at a
 * learner that gets it from one of them. It holds the header of the message that it ran last.
 */
import { BowechoError } from '@bowecho/core';
import { CallHeader } from '../calls/call-message.js';
import { errorOfThrow, type Outcome } from '../calls/outcome.js';
import type { OnceOnly } from '../calls/replies.js';
import { unpack } from '../codec/codec.js';
import { hash64OfBytes } from '../state/hash.js';
import type { OrderedAt, Replica } from './replica.js';

export class CallRunner {
  readonly header = new CallHeader();

  /**
   * Runs the message in `memory[offset .. offset + length)`. One that makes no sense is an outcome too, the same at every
   * replica.
   */
  run(replica: Replica, memory: Buffer, offset: number, length: number, at: OrderedAt): Outcome {
    const { header } = this;
    try {
      header.read(memory, offset, length);
      const method = replica.definition.methods[header.method];
      if (method === undefined) throw new BowechoError('ACTOR_UNKNOWN', `no method ${header.method}`);
      const args = unpack(memory, header.argsAt, offset + length, method.borrow);
      if (!Array.isArray(args))
        throw new BowechoError('NOT_SERIALIZABLE', `${method.label}: arguments are no list`);
      return method.kind === 'command'
        ? replica.command(header.key, method, args, at, this.onceOnly(memory, offset + length))
        : replica.query(header.key, method, args);
    } catch (error) {
      if (error instanceof BowechoError) return { ok: false, error: errorOfThrow(error, 'no') };
      throw error;
    }
  }

  /** What the header says of a command that is to run once; undefined of all others. */
  private onceOnly(memory: Buffer, end: number): OnceOnly | undefined {
    const { idempotencyKey, triedSince, argsAt } = this.header;
    if (idempotencyKey === undefined) return undefined;
    return { idempotencyKey, triedSince, argsHash: hash64OfBytes(memory.subarray(argsAt, end)) };
  }
}
