/**
 * Fifo is a first-in-first-out queue that stays fast when it is long: `Array.shift` moves everything that is left, and
 * with 100,000 waiting reads that was seconds of a turn.
 */
export class Fifo<T> {
  private items: (T | undefined)[] = [];
  /** Places before it are empty. */
  private head = 0;

  get size(): number {
    return this.items.length - this.head;
  }

  /** The oldest, or undefined. */
  get first(): T | undefined {
    return this.items[this.head];
  }

  push(item: T): void {
    this.items.push(item);
  }

  /** Takes the oldest, or undefined. */
  shift(): T | undefined {
    const item = this.items[this.head];
    if (item === undefined) return undefined;
    this.items[this.head++] = undefined;
    if (this.head === this.items.length || (this.head >= COMPACT_AT && this.head * 2 > this.items.length)) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }
}

const COMPACT_AT = 1024;
