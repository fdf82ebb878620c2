/**
 * OldestFirst finds among many things the one with the least age mark, where marks only ever grow: each thing is filed under the mark
 * that it had, and filed anew when that turns out to be passed. So what changes often costs nothing until it is looked for.
 */
import { Deadlines } from './deadlines.js';

export class OldestFirst<T> {
  private readonly heap = new Deadlines<T>(() => false);
  /** The mark that each is filed under. */
  private readonly filed = new Map<T, number>();

  /** @param markOf the present mark of a thing; Infinity: it has none now */
  constructor(private readonly markOf: (item: T) => number) {}

  /** No mark is less than this one; Infinity: there is none. */
  get least(): number {
    return this.heap.next;
  }

  /** It may have a mark now that had none. */
  note(item: T): void {
    const mark = this.markOf(item);
    if (mark === Infinity || this.filed.has(item)) return;
    this.filed.set(item, mark);
    this.heap.add(mark, item);
  }

  /** The one with the least mark; undefined: none has one. */
  first(): T | undefined {
    for (;;) {
      const item = this.heap.takeDue(Infinity);
      if (item === undefined) return undefined;
      const was = this.filed.get(item);
      this.filed.delete(item);
      this.note(item);
      if (this.markOf(item) === was) return item;
    }
  }
}
