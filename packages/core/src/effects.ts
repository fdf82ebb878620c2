/**
 * Effects are what a turn decided, as data. The engine fills an `Outbox` and does nothing else; `Member` performs it, in
 * the same order in production and in simulation:
 *
 *  1. deliveries: the application runs while the bytes are still ours;
 *  2. rare effects: connections, changes of state, views;
 *  3. pushes: only now may others learn that we delivered, and overwrite what we read.
 */
import { DeliveryList } from './multicast/delivery-list.js';
import type { StateChange } from './membership/membership-machine.js';
import type { ViewRecord } from './membership/view-record.js';
import type { KeysMessage, MembershipEnd } from './ports.js';
import { PushList } from './push-list.js';
import type { View } from './view/view.js';

export type Effect =
  | { readonly kind: 'connect'; readonly rank: number; readonly keys: KeysMessage }
  | { readonly kind: 'disconnect'; readonly rank: number }
  | { readonly kind: 'state-changed'; readonly change: StateChange }
  | { readonly kind: 'view-installed'; readonly view: View }
  | { readonly kind: 'view-decided'; readonly record: ViewRecord }
  | { readonly kind: 'enter-view'; readonly view: View }
  | { readonly kind: 'ended'; readonly end: MembershipEnd };

/** Made once per member; every turn fills it anew. */
export class Outbox {
  readonly deliveries = new DeliveryList();
  readonly effects: Effect[] = [];
  readonly pushes = new PushList();

  clear(): void {
    this.deliveries.clear();
    this.effects.length = 0;
    this.pushes.clear();
  }
}
