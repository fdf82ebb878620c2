/**
 * Deadlines holds what must happen at a time, soonest first: a binary heap. Nothing is taken out when its matter is
 * settled, which is cheaper than finding it; but what is over is dropped when it comes to the front, so that nobody wakes
 * for it, and whenever the heap has doubled, so that it holds at most about twice what still waits: a settled call keeps
 * its result alive.
 */
export class Deadlines<T> {
  private times: number[] = [];
  private items: T[] = [];
  /** Look for what is over when there are so many. */
  private purgeAt = PURGE_AT;

  /** @param isOver whether an item's matter is settled, so that its time no longer matters */
  constructor(private readonly isOver: (item: T) => boolean) {}

  /** The soonest time that still matters, or Infinity. Microseconds. */
  get next(): number {
    while (this.items.length > 0 && this.isOver(this.items[0]!)) this.removeFirst();
    return this.times[0] ?? Infinity;
  }

  get size(): number {
    return this.items.length;
  }

  add(time: number, item: T): void {
    if (this.items.length >= this.purgeAt) this.purge();
    this.insert(time, item);
  }

  private insert(time: number, item: T): void {
    const { times, items } = this;
    let i = times.length;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (times[parent]! <= time) break;
      times[i] = times[parent]!;
      items[i] = items[parent]!;
      i = parent;
    }
    times[i] = time;
    items[i] = item;
  }

  private purge(): void {
    const { times, items } = this;
    this.times = [];
    this.items = [];
    items.forEach((item, i) => {
      if (!this.isOver(item)) this.insert(times[i]!, item);
    });
    this.purgeAt = Math.max(PURGE_AT, 2 * this.items.length);
  }

  /** Takes one item that still matters and is due at `now`, or undefined. */
  takeDue(now: number): T | undefined {
    if (this.next > now) return undefined;
    return this.removeFirst();
  }

  private removeFirst(): T {
    const first = this.items[0]!;
    const time = this.times.pop()!;
    const item = this.items.pop()!;
    if (this.times.length > 0) this.sink(time, item);
    return first;
  }

  /** Places an entry from the root down. */
  private sink(time: number, item: T): void {
    const { times, items } = this;
    const count = times.length;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= count) break;
      if (child + 1 < count && times[child + 1]! < times[child]!) child++;
      if (times[child]! >= time) break;
      times[i] = times[child]!;
      items[i] = items[child]!;
      i = child;
    }
    times[i] = time;
    items[i] = item;
  }
}

const PURGE_AT = 1024;
