/**
 * EarlyCalls holds the calls that are made before the group runs, and makes them, in the order of calling, once it does.
 *
 * A call with a timeout or a signal of its own is bounded by it from the start: nothing was sent yet, so it surely did not
 * execute. The others wait as long as the group may take to come up; their `callTimeout` begins then. Arguments are
 * checked when the call is made, not before.
 */
import { BowechoError } from '@bowecho/core';
import type { MethodDefinition } from '../definition/actor-definition.js';
import type { CallOptions } from '../definition/call-options.js';
import { AbortWatch } from './abort-watch.js';
import { PendingCall } from './pending-calls.js';

/** Makes the call after all. */
type Make = (options: CallOptions | undefined) => Promise<unknown> | void;

export class EarlyCalls {
  settledCount = 0;
  /** In the order of calling. */
  private readonly waiting = new Map<PendingCall, () => Promise<unknown> | void>();
  private readonly aborts = new AbortWatch<PendingCall>((call, { reason }) => abort(call, reason));

  get count(): number {
    return this.waiting.size;
  }

  /** Holds a call and gives its answer. */
  hold(
    method: MethodDefinition,
    key: string,
    options: CallOptions | undefined,
    make: Make,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call = new PendingCall(this, method, key, resolve, reject);
      const { signal, timeout } = options ?? {};
      if (signal?.aborted === true) {
        abort(call, signal.reason);
        return;
      }
      this.waiting.set(call, () => make(options));
      call.whenSettled(() => this.waiting.delete(call));
      if (timeout !== undefined) this.limit(call, timeout, left => make({ ...options, timeout: left }));
      if (signal === undefined) return;
      this.aborts.add(signal, call);
      call.whenSettled(() => this.aborts.remove(signal, call));
    });
  }

  /** Makes all of them: the group runs. */
  makeAll(): void {
    for (const [call, make] of [...this.waiting]) call.succeed(make());
  }

  /** Fails all of them: there will be no group. */
  failAll(error: BowechoError): void {
    for (const call of [...this.waiting.keys()]) {
      const sentence = `${call.label} was not sent: ${error.message}`;
      call.fail(new BowechoError(error.code, sentence, { didExecute: 'no', cause: error }));
    }
  }

  private limit(call: PendingCall, timeoutMs: number, make: (left: number) => Promise<unknown> | void): void {
    const start = performance.now();
    const timer = setTimeout(() => {
      const sentence = `${call.label} was not answered in time: after ${timeoutMs} ms the group does not run yet`;
      call.fail(new BowechoError('TIMEOUT', sentence, { didExecute: 'no' }));
    }, timeoutMs);
    call.whenSettled(() => clearTimeout(timer));
    this.waiting.set(call, () => make(Math.max(1, timeoutMs - (performance.now() - start))));
  }
}

function abort(call: PendingCall, reason: unknown): void {
  const sentence = `${call.label} was aborted before it was sent`;
  call.fail(new BowechoError('ABORTED', sentence, { didExecute: 'no', cause: reason }));
}
