/**
 * SendQueue holds what the ring has no room for: bounded, first in first out. Beyond its bounds a send is refused; that
 * is the back-pressure a caller feels.
 *
 * It keeps copies (the caller's buffer is the caller's again when `send` returns); it is the slow path, used only while
 * the ring is full.
 */
import { assert } from '../assert.js';

export interface WaitingMessage {
  /** How many messages were sent before it; below 0 where nobody can take it back any more. */
  readonly ticket: number;
  readonly payload: Uint8Array;
}

/** What a waiting message costs beside its payload, about: it counts, or millions of small ones would pass any bound. */
const MESSAGE_OVERHEAD_BYTES = 64;

export class SendQueue {
  /** Oldest at `first`; compacted when half of it is spent. */
  private items: WaitingMessage[] = [];
  private first = 0;
  private bytes = 0;

  /** @param maxBytes bytes that may wait at once, 64 of them for each message */
  constructor(private readonly maxBytes: number) {}

  get isEmpty(): boolean {
    return this.first === this.items.length;
  }

  get count(): number {
    return this.items.length - this.first;
  }

  get byteCount(): number {
    return this.bytes;
  }

  /** Puts a copy of the payload behind the others. False: it would exceed the bound. */
  offer(ticket: number, payload: Uint8Array, length: number): boolean {
    const cost = length + MESSAGE_OVERHEAD_BYTES;
    if (this.bytes + cost > this.maxBytes) return false;
    const copy = new Uint8Array(length); // not `slice`: on a Node Buffer that is a view
    copy.set(payload.subarray(0, length));
    this.items.push({ ticket, payload: copy });
    this.bytes += cost;
    return true;
  }

  /** Puts messages behind the others that count already: no bound holds for them. Tickets ascend. */
  restore(messages: readonly WaitingMessage[]): void {
    for (const message of messages) {
      this.items.push(message);
      this.bytes += message.payload.length + MESSAGE_OVERHEAD_BYTES;
    }
  }

  /** Takes out all of them, oldest first. */
  takeAll(): readonly WaitingMessage[] {
    const all = this.items.slice(this.first);
    this.items = [];
    this.first = 0;
    this.bytes = 0;
    return all;
  }

  /** The oldest payload. */
  peek(): Uint8Array {
    assert(!this.isEmpty, 'peek into an empty send queue');
    return this.items[this.first]!.payload;
  }

  /** Drops the oldest. */
  shift(): void {
    assert(!this.isEmpty, 'shift of an empty send queue');
    this.bytes -= this.items[this.first]!.payload.length + MESSAGE_OVERHEAD_BYTES;
    this.first++;
    if (this.first * 2 > this.items.length) {
      this.items = this.items.slice(this.first);
      this.first = 0;
    }
  }

  /** Takes out the message of that ticket. False: it is not (or no longer) here. */
  withdraw(ticket: number): boolean {
    const at = this.placeOf(ticket);
    const item = this.items[at];
    if (item?.ticket !== ticket) return false;
    if (at === this.first) {
      this.shift();
      return true;
    }
    this.items.splice(at, 1);
    this.bytes -= item.payload.length + MESSAGE_OVERHEAD_BYTES;
    return true;
  }

  /** Where a message of that ticket would be: tickets ascend, so it is searched by halves. */
  private placeOf(ticket: number): number {
    let low = this.first;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.items[middle]!.ticket < ticket) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
