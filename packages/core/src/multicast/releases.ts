/**
 * Releases remembers how far into my ring each of my deliveries reached, so that a count that everybody has delivered
 * becomes a position up to which I may overwrite.
 *
 * One entry per turn and not per message; when it is full the newest entry is stretched, which only frees a little later.
 */
const ENTRIES = 64;

export class Releases {
  private readonly counts = new Float64Array(ENTRIES);
  private readonly positions = new Float64Array(ENTRIES);
  private first = 0;
  private size = 0;
  private freed = 0;

  /** The position that was freed last. */
  get position(): number {
    return this.freed;
  }

  /** Notes that with `count` deliveries my ring was read up to `position`. */
  delivered(count: number, position: number): void {
    const newest = (this.first + this.size - 1) % ENTRIES;
    if (this.size > 0 && (this.positions[newest] === position || this.size === ENTRIES)) {
      if (this.positions[newest] === position) return;
      this.counts[newest] = count;
      this.positions[newest] = position;
      return;
    }
    const at = (this.first + this.size) % ENTRIES;
    this.counts[at] = count;
    this.positions[at] = position;
    this.size++;
  }

  /** The position up to which everything is delivered by everybody, given that they all delivered `count`. */
  upTo(count: number): number {
    while (this.size > 0 && this.counts[this.first]! <= count) {
      this.freed = this.positions[this.first]!;
      this.first = (this.first + 1) % ENTRIES;
      this.size--;
    }
    return this.freed;
  }
}
