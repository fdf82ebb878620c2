/**
 * Image keeps what a graph of objects holds, and puts it back into the same objects: so a search returns to a state in
 * the time of some copies, where a member cannot be cloned and a run from the start costs ten times that. Objects that
 * were made since are simply forgotten.
 *
 * It follows instances of classes, arrays, maps and typed arrays. Three things it takes for values that nobody changes, and keeps
 * by reference: functions, plain objects (core's records, keys, votes and views are never changed once made), and
 * instances of the classes that it is told. What that assumes is checked by running paths from the start again (explore.ts).
 */
export class Image {
  private readonly instances: object[] = [];
  private readonly arrays: unknown[][] = [];
  private readonly lengths: number[] = [];
  /** What the fields of the instances held, then the elements of the arrays. */
  private readonly held: unknown[] = [];
  private readonly maps: Map<unknown, unknown>[] = [];
  private readonly entries: (readonly [unknown, unknown][])[] = [];
  private readonly buffers: Uint8Array[] = [];
  /** What the buffers held, one after another. */
  private readonly bytes: Uint8Array;

  /**
   * @param roots where to begin
   * @param values classes whose instances are kept by reference
   */
  constructor(roots: readonly object[], values: ReadonlySet<unknown>) {
    this.find(roots, values);
    const { instances, arrays, held, maps, buffers } = this;
    for (const target of instances)
      for (const key of fieldsOf(target)) held.push((target as Record<string, unknown>)[key]);
    for (const target of arrays) {
      this.lengths.push(target.length);
      for (const value of target) held.push(value);
    }
    for (const target of maps) this.entries.push([...target]);
    this.bytes = new Uint8Array(buffers.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const target of buffers) {
      this.bytes.set(target, at);
      at += target.length;
    }
  }

  private find(roots: readonly object[], values: ReadonlySet<unknown>): void {
    const seen = new Set<object>();
    const shared = new Set<ArrayBufferLike>();
    const waiting: object[] = [...roots];
    const add = (value: unknown): void => {
      if (typeof value !== 'object' || value === null || seen.has(value)) return;
      seen.add(value);
      waiting.push(value);
    };
    for (let target = waiting.pop(); target !== undefined; target = waiting.pop()) {
      if (Array.isArray(target)) {
        this.arrays.push(target as unknown[]);
        for (const value of target) add(value);
      } else if (ArrayBuffer.isView(target)) {
        if (shared.has(target.buffer)) continue;
        shared.add(target.buffer);
        this.buffers.push(new Uint8Array(target.buffer as ArrayBuffer));
      } else if (target instanceof Map) {
        this.maps.push(target as Map<unknown, unknown>);
        for (const value of (target as Map<unknown, unknown>).values()) add(value);
      } else if (target.constructor !== Object && !values.has(target.constructor)) {
        this.instances.push(target);
        for (const key of fieldsOf(target)) add((target as Record<string, unknown>)[key]);
      }
    }
  }

  restore(): void {
    const { instances, arrays, lengths, held, maps, entries, buffers, bytes } = this;
    let next = 0;
    for (const target of instances) {
      const fields = target as Record<string, unknown>;
      for (const key of fieldsOf(target)) {
        const value = held[next++];
        if (fields[key] !== value) fields[key] = value; // reading is far cheaper
      }
    }
    for (let i = 0; i < arrays.length; i++) {
      const target = arrays[i]!;
      const length = (target.length = lengths[i]!);
      for (let at = 0; at < length; at++) target[at] = held[next++];
    }
    maps.forEach((target, i) => {
      target.clear();
      for (const [key, value] of entries[i]!) target.set(key, value);
    });
    let at = 0;
    for (const target of buffers) {
      target.set(bytes.subarray(at, at + target.length));
      at += target.length;
    }
  }
}

/** By class: instances of one class have the same fields, from their making on. */
const fields = new Map<unknown, readonly string[]>();

function fieldsOf(target: object): readonly string[] {
  let keys = fields.get(target.constructor);
  if (keys === undefined) fields.set(target.constructor, (keys = Object.keys(target)));
  return keys;
}
