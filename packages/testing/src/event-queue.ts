/**
 * EventQueue is virtual time: what is to happen, in the order of its time, and of its scheduling where times are equal.
 *
 * Time is an integer of microseconds, so that no rounding makes two runs differ. An event is three small integers, a kind
 * and two operands whose meaning the kind gives; nothing is allocated per event and no closures are kept. The heap holds
 * slot numbers; what belongs to an event stays in its slot. Plain arrays and not typed ones: as fast here, and a world
 * that lives for a millisecond should not spend a tenth of it on allocating.
 */

export class EventQueue {
  /** Virtual time, microseconds: when the event taken last was due. */
  now = 0;
  /** The event taken last. */
  kind = 0;
  a = 0;
  b = 0;

  private size = 0;
  private sequence = 0;
  private readonly heap: number[] = [];
  private readonly times: number[] = [];
  private readonly sequences: number[] = [];
  private readonly kinds: number[] = [];
  private readonly firsts: number[] = [];
  private readonly seconds: number[] = [];

  /** Events that wait. */
  get length(): number {
    return this.size;
  }

  /** When the next event is due; Infinity where there is none. */
  get nextTime(): number {
    return this.size === 0 ? Infinity : this.times[this.heap[0]!]!;
  }

  /** Schedules an event at `time` microseconds, or now if that has passed. */
  push(time: number, kind: number, a: number, b: number): void {
    if (this.size === this.heap.length) this.heap.push(this.size);
    const slot = this.heap[this.size]!; // behind the heap lie the free slots
    this.times[slot] = time > this.now ? time : this.now;
    this.sequences[slot] = this.sequence++;
    this.kinds[slot] = kind;
    this.firsts[slot] = a;
    this.seconds[slot] = b;
    this.siftUp(this.size++, slot);
  }

  /** Takes the next event and moves time to it. False: there is none. */
  pop(): boolean {
    if (this.size === 0) return false;
    const { heap } = this;
    const slot = heap[0]!;
    this.now = this.times[slot]!;
    this.kind = this.kinds[slot]!;
    this.a = this.firsts[slot]!;
    this.b = this.seconds[slot]!;
    this.size--;
    const last = heap[this.size]!;
    heap[this.size] = slot;
    if (this.size > 0) this.siftDown(last);
    return true;
  }

  private isBefore(slot: number, other: number): boolean {
    const time = this.times[slot]!;
    const otherTime = this.times[other]!;
    return time < otherTime || (time === otherTime && this.sequences[slot]! < this.sequences[other]!);
  }

  private siftUp(from: number, slot: number): void {
    const { heap } = this;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent]!;
      if (!this.isBefore(slot, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = slot;
  }

  private siftDown(slot: number): void {
    const { heap, size } = this;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= size) break;
      if (child + 1 < size && this.isBefore(heap[child + 1]!, heap[child]!)) child++;
      const below = heap[child]!;
      if (!this.isBefore(below, slot)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = slot;
  }
}
