/**
 * Deadlines holds what must happen at a time, soonest first: a binary heap. Nothing is taken out early: an entry whose
 * matter is settled by then is met and ignored, which is cheaper than finding it.
 */
export class Deadlines<T> {
  private readonly times: number[] = [];
  private readonly items: T[] = [];

  /** The soonest time, or Infinity. Microseconds. */
  get next(): number {
    return this.times[0] ?? Infinity;
  }

  add(time: number, item: T): void {
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

  /** Takes one item that is due at `now`, or undefined. */
  takeDue(now: number): T | undefined {
    if (this.next > now) return undefined;
    const due = this.items[0];
    const time = this.times.pop()!;
    const item = this.items.pop()!;
    if (this.times.length > 0) this.sink(time, item);
    return due;
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
