/**
 * EarlyKeys keeps what those say who are in the next view before I am: where to write to them. Most of them are members of
 * this view. The others say that they join, which I cannot know yet, so only as many of those are kept as can be true, the newest.
 */
import { MOST_JOINERS } from './membership/joiner-cells.js';
import type { KeysMessage } from './ports.js';

export class EarlyKeys {
  /** By identity. */
  private ofMembers = new Map<string, KeysMessage>();
  private ofOthers = new Map<string, KeysMessage>();

  /** @param isMember whether its sender is in the present view */
  keep(keys: KeysMessage, isMember: boolean): void {
    const { id, incarnation } = keys.from;
    const name = `${id}/${incarnation}`;
    if (isMember) {
      this.ofMembers.set(name, keys);
      return;
    }
    const { ofOthers } = this;
    ofOthers.delete(name);
    ofOthers.set(name, keys);
    if (ofOthers.size > MOST_JOINERS) ofOthers.delete(ofOthers.keys().next().value!);
  }

  /** All of them; none is left. */
  takeAll(): readonly KeysMessage[] {
    const all = [...this.ofMembers.values(), ...this.ofOthers.values()];
    this.ofMembers = new Map();
    this.ofOthers = new Map();
    return all;
  }
}
