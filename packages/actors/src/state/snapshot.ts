/**
 * A snapshot is the state of one instance as a plain tree: own data, no live reference, ready to be packed.
 *
 * It holds each field by name, with plain Maps and Sets; fields that hold undefined are left out. A class that has
 * `snapshot()` and `restore(snapshot)` decides for itself what its tree is; with `#private` fields it must.
 *
 * These are whole copies, made at once, for tests, tools and small states. Copying while serving needs a cursor over
 * the journaled collections, which keep their place while they are written.
 */
import { BowechoError } from '@bowecho/core';
import { copyData, copyResult } from '../codec/copy.js';
import { actorStateOf, isSnapshotting } from './tracked-instance.js';

/**
 * A deep plain copy of the state of an instance.
 *
 * @throws BowechoError NOT_SERIALIZABLE when the class's own `snapshot()`, or a field of an instance that is not
 *   atomic, holds something that is not data
 */
export function snapshotState(actor: object): unknown {
  if (isSnapshotting(actor)) return copyResult(actor.snapshot(), 'snapshot');
  const tree: Record<string, unknown> = {};
  for (const [name, value] of actorStateOf(actor).fields()) tree[name] = copyResult(value, name);
  return tree;
}

/**
 * Makes the state of an instance what a snapshot holds. The tree stays the caller's: it is copied.
 *
 * @throws BowechoError NOT_SERIALIZABLE when the tree is not what `snapshotState` gives
 * @example
 * restoreState(bank, snapshotState(other)); // digestState(bank) === digestState(other)
 */
export function restoreState(actor: object, tree: unknown): void {
  if (isSnapshotting(actor)) {
    actorStateOf(actor).restore(() => actor.restore(copyData(tree)));
    return;
  }
  if (typeof tree !== 'object' || tree === null || Object.getPrototypeOf(tree) !== Object.prototype) {
    throw new BowechoError('NOT_SERIALIZABLE', 'a snapshot to restore is not a tree of fields');
  }
  actorStateOf(actor).assign(copyData(tree) as Record<string, unknown>);
}
