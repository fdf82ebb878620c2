/**
 * KeyValue is the replicated actor of this example: a store of texts by key, in the memory of every member. Each instance is
 * a store of its own, named by the key of the reference, and stores are spread over 64 shards. Within one store all
 * writes are in one order; between two stores there is none.
 *
 * Nothing here locks. A command runs alone at its replica and in the same order at all of them, so comparing and setting
 * in one method is the whole of compare-and-set.
 */
import { Command, Query, Replicated } from '@bowecho/actors';

/** A replica at each member, up to so many, so that every member reads from its own memory. */
const EVERY_MEMBER = 64;
/** The version of a key that has no value. */
export const ABSENT = 0;

export interface Entry {
  readonly value: string;
  /** The number of the write to this store that set the value. No two writes share one, not even after a delete. */
  readonly version: number;
}

export interface CasResult {
  /** Whether the value was set. */
  readonly won: boolean;
  /** What the key has now: mine, or that of whoever was quicker. */
  readonly entry: Entry | undefined;
}

@Replicated({ name: 'kv', shards: 64, replicas: EVERY_MEMBER })
export class KeyValue {
  private entries = new Map<string, Entry>();
  private writes = 0;

  /** Sets a value, whatever was there, and returns its version. */
  @Command() put(key: string, value: string): number {
    const version = ++this.writes;
    this.entries.set(key, { value, version });
    return version;
  }

  /** Compare and set: sets the value if the key still has this version, `ABSENT` for none. */
  @Command() cas(key: string, version: number, value: string): CasResult {
    const won = (this.entries.get(key)?.version ?? ABSENT) === version;
    if (won) this.put(key, value);
    return { won, entry: this.entries.get(key) };
  }

  /** Whether there was something to delete. */
  @Command() delete(key: string): boolean {
    return this.entries.delete(key);
  }

  @Query() get(key: string): Entry | undefined {
    return this.entries.get(key);
  }

  /** The first `limit` entries whose keys begin with `prefix`, in the order of the keys: all of one moment. */
  @Query() scan(prefix: string, limit: number): [key: string, entry: Entry][] {
    return [...this.entries]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit);
  }

  @Query() size(): number {
    return this.entries.size;
  }
}
