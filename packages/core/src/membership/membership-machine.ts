/**
 * The life of a member in a group, as a state machine. It sees rare edges only, never messages.
 *
 * A view change is five steps: running, wedged, trimming, connecting, installing, running. Only a new incarnation comes back
 * from `left` and `halted`.
 *
 * The machine has no context, no guards and no timers: conditions are predicates over the table (view-manager.ts), and
 * only their becoming true is an event. So its transitions are a finite table, which xstate computes and we remember: a
 * pure `transition()` costs some 80 us, a look into a Map some 10 ns, and a simulator makes thousands a second.
 */
import { initialTransition, setup, transition, type SnapshotFrom } from 'xstate';
import { assert } from '../assert.js';

export type MembershipEvent =
  | 'KEYS_COMPLETE'
  | 'ALL_INSTALLED'
  | 'LEAVE_REQUESTED'
  | 'DRAINED'
  | 'VIEW_ENDED'
  | 'DECIDED'
  | 'TRIMMED'
  | 'LEFT'
  | 'LEFT_OUT'
  | 'CUT_OFF'
  | 'FAILED';

export type MembershipState =
  'connecting' | 'installing' | 'running' | 'leaving' | 'wedged' | 'trimming' | 'left' | 'halted';

/** What each state means, in one sentence that the member says of itself; in the order of a life. */
export const STATE_SENTENCES: Readonly<Record<MembershipState, string>> = {
  connecting: 'my tables of this view are registered; I wait for the address and keys of every other member',
  installing: 'I am connected to all and show `installed`; I wait until all rows show it',
  running: 'I send, acknowledge and deliver',
  leaving: 'I accept no more work, and wait until all that I sent was delivered by everybody',
  wedged: 'the view ends: I have said my last word in it, and vote on the record that ends it',
  trimming: 'the record is decided; I deliver what it says that everybody delivers',
  left: 'I went on purpose, and the group knows it',
  halted:
    'I refuse everything: the group went on without me, I cannot reach more than half of it, or I am broken',
};

/** One step of the membership machine, with its reason in words. */
export interface StateChange {
  readonly from: MembershipState;
  readonly to: MembershipState;
  readonly event: MembershipEvent;
  readonly reason: string;
}

export const membershipMachine = setup({
  types: { events: {} as { type: MembershipEvent } },
}).createMachine({
  id: 'membership',
  initial: 'connecting',
  states: {
    connecting: {
      on: { KEYS_COMPLETE: 'installing', VIEW_ENDED: 'wedged', LEFT_OUT: 'halted', FAILED: 'halted' },
    },
    installing: {
      on: {
        ALL_INSTALLED: 'running',
        LEAVE_REQUESTED: 'wedged',
        VIEW_ENDED: 'wedged',
        LEFT_OUT: 'halted',
        FAILED: 'halted',
      },
    },
    running: {
      on: { LEAVE_REQUESTED: 'leaving', VIEW_ENDED: 'wedged', LEFT_OUT: 'halted', FAILED: 'halted' },
    },
    leaving: { on: { DRAINED: 'wedged', VIEW_ENDED: 'wedged', LEFT_OUT: 'halted', FAILED: 'halted' } },
    wedged: { on: { DECIDED: 'trimming', LEFT_OUT: 'halted', CUT_OFF: 'halted', FAILED: 'halted' } },
    trimming: { on: { TRIMMED: 'connecting', LEFT: 'left', FAILED: 'halted' } },
    left: { type: 'final' },
    halted: { type: 'final' },
  },
});

type Snapshot = SnapshotFrom<typeof membershipMachine>;

/**
 * Steps already computed, by state and event; `null`: it means nothing there. A cache of a pure function: sharing it
 * changes nothing.
 */
const remembered = new Map<MembershipState, Map<MembershipEvent, Snapshot | null>>();

const [initial] = initialTransition(membershipMachine);

/** A member's state: a value; `next` makes the following one. */
export class Membership {
  private constructor(private readonly snapshot: Snapshot) {}

  static readonly initial = new Membership(initial);

  get state(): MembershipState {
    return this.snapshot.value;
  }

  /** Whether `event` means anything in this state. */
  accepts(event: MembershipEvent): boolean {
    return this.step(event) !== null;
  }

  /** The state after `event`, which must mean something here. */
  next(event: MembershipEvent): Membership {
    const snapshot = this.step(event);
    assert(snapshot !== null, `event ${event} means nothing in state ${this.state}`);
    return new Membership(snapshot);
  }

  private step(type: MembershipEvent): Snapshot | null {
    let byEvent = remembered.get(this.state);
    if (byEvent === undefined)
      remembered.set(this.state, (byEvent = new Map<MembershipEvent, Snapshot | null>()));
    let snapshot = byEvent.get(type);
    if (snapshot === undefined) {
      snapshot = this.snapshot.can({ type })
        ? transition(membershipMachine, this.snapshot, { type })[0]
        : null;
      byEvent.set(type, snapshot);
    }
    return snapshot;
  }
}
