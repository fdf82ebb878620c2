/**
 * Adopting makes a value that a handler put into the state a part of it: it is checked, and journaled.
 *
 * State may hold what can be sent, and -0; a Buffer must be a plain Uint8Array, for a replica that gets the state by
 * transfer would have one. Plain Maps and Sets inside the value are replaced by journaled ones, in place, where they
 * stand. Collections that are journaled already are not entered: each checks what was changed in it. Only where one has
 * come deeper than it ever stood is it gone through again, for the limit of depth. That also finds a collection inside
 * itself: in a circle each would have to stand deeper than the next.
 *
 * This runs at the end of a command and sees only what the command touched. It throws before it has changed anything
 * that the journal could not take back.
 */
import {
  describeKey,
  fieldStep,
  findRefusal,
  notSerializable,
  type Refusal,
  type RoundTripRules,
} from '../codec/round-trip.js';
import { ENTRIES, isJournaled, type Place, type StateHome } from './entry-list.js';
import type { Journal } from './journal.js';
import { JournaledMap } from './journaled-map.js';
import { JournaledSet } from './journaled-set.js';

export class Adopter implements StateHome {
  private seenCollections = 0;
  private readonly rules: RoundTripRules = {
    negativeZero: true,
    buffers: false,
    isCheckedElsewhere: (collection, depth) => isJournaled(collection) && !collection[ENTRIES].sinkTo(depth),
    onCollection: () => {
      this.seenCollections++;
    },
  };

  constructor(readonly journal: Journal) {}

  adopt(value: unknown, place: Place, key: unknown): unknown {
    this.seenCollections = 0;
    const refusal = findRefusal(value, place.depth + 1, this.rules);
    if (refusal !== undefined) throw notState(refusal, `${place.path}.get(${describeKey(key)})`);
    if (this.seenCollections === 0) return value;
    return this.journaled(value, { depth: place.depth + 1, path: `${place.path}.get(${describeKey(key)})` });
  }

  /** The same for a field of the actor. */
  adoptField(value: unknown, path: string): unknown {
    this.seenCollections = 0;
    const refusal = findRefusal(value, 1, this.rules);
    if (refusal !== undefined) throw notState(refusal, path);
    return this.seenCollections === 0 ? value : this.journaled(value, { depth: 1, path });
  }

  checkKey(key: unknown, place: Place): void {
    if (typeof key === 'number') return;
    this.seenCollections = 0;
    const refusal = findRefusal(key, place.depth + 1, this.rules);
    if (refusal !== undefined) throw notState(refusal, `${place.path}.keys(${describeKey(key)})`);
    if (this.seenCollections > 0 || (typeof key === 'object' && key !== null && isJournaled(key))) {
      throw notState({ path: '', reason: 'a Map or Set cannot be a key or a member' }, place.path);
    }
  }

  /** Replaces the plain Maps and Sets in a value that has been checked. */
  private journaled(value: unknown, place: Place): unknown {
    if (typeof value !== 'object' || value === null || isJournaled(value)) return value;
    if (value instanceof Map) return this.journaledMap(value, place);
    if (value instanceof Set) return this.journaledSet(value, place);
    if (ArrayBuffer.isView(value)) return value;
    const isArray = Array.isArray(value);
    const container = value as Record<string, unknown>;
    for (const key of Object.keys(container)) {
      const child = container[key];
      const path = place.path + (isArray ? `[${key}]` : fieldStep(key));
      const adopted = this.journaled(child, { depth: place.depth + 1, path });
      if (adopted === child) continue;
      if (!Reflect.set(container, key, adopted)) {
        throw notState(
          { path: '', reason: 'it is a Map or Set inside a frozen object, where it cannot be tracked' },
          path,
        );
      }
    }
    return value;
  }

  private journaledMap(source: ReadonlyMap<unknown, unknown>, place: Place): Map<unknown, unknown> {
    const map = new JournaledMap<unknown, unknown>(this, place);
    const entries = map[ENTRIES];
    for (const [key, value] of source) {
      this.checkKey(key, place);
      const path = `${place.path}.get(${describeKey(key)})`;
      entries.append(key, this.journaled(value, { depth: place.depth + 1, path }));
    }
    return map;
  }

  private journaledSet(source: ReadonlySet<unknown>, place: Place): Set<unknown> {
    const set = new JournaledSet<unknown>(this, place);
    const entries = set[ENTRIES];
    for (const member of source) {
      this.checkKey(member, place);
      entries.append(member, undefined);
    }
    return set;
  }
}

function notState(refusal: Refusal, root: string): Error {
  return notSerializable(refusal, root, 'cannot be state');
}
