/**
 * EarlyCalls holds the calls that are made before the group runs, and makes them, in the order of calling, once it does.
 *
 * A call with a timeout or a signal of its own is bounded by it from the start: nothing was sent yet, so it surely did not
 * execute. The others wait as long as the group may take to come up; their `callTimeout` begins then. Arguments are
 * checked when the call is made, not before.
 */
import { BowechoError } from '@bowecho/core';
import type { CallPort, CallRequest } from '../definition/ref-class.js';
import { AbortWatch } from './abort-watch.js';
import { PendingCall } from './pending-calls.js';

export class EarlyCalls {
  settledCount = 0;
  /** In the order of calling. */
  private readonly waiting = new Map<PendingCall, () => Promise<unknown> | void>();
  private readonly aborts = new AbortWatch<PendingCall>((call, { reason }) => abort(call, reason));

  /** @param port where the calls go once the group runs */
  constructor(private readonly port: () => CallPort) {}

  get count(): number {
    return this.waiting.size;
  }

  /** Holds a call and gives its answer. */
  hold(request: CallRequest): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call = new PendingCall(this, request, resolve, reject);
      const { signal, timeout } = request.options ?? {};
      if (signal?.aborted === true) {
        abort(call, signal.reason);
        return;
      }
      this.waiting.set(call, () => this.port().invoke(request));
      call.whenSettled(() => this.waiting.delete(call));
      if (timeout !== undefined) this.limit(call, timeout);
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

  private limit(call: PendingCall, timeoutMs: number): void {
    const start = performance.now();
    const timer = setTimeout(() => {
      const sentence = `${call.label} was not answered in time: after ${timeoutMs} ms the group does not run yet`;
      call.fail(new BowechoError('TIMEOUT', sentence, { didExecute: 'no' }));
    }, timeoutMs);
    call.whenSettled(() => clearTimeout(timer));
    this.waiting.set(call, () => {
      const timeout = Math.max(1, timeoutMs - (performance.now() - start));
      return this.port().invoke({ ...call.request, options: { ...call.request.options, timeout } });
    });
  }
}

function abort(call: PendingCall, reason: unknown): void {
  const sentence = `${call.label} was aborted before it was sent`;
  call.fail(new BowechoError('ABORTED', sentence, { didExecute: 'no', cause: reason }));
}
