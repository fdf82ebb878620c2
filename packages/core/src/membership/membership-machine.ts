/**
 * The life of a member in one view, as a state machine. It sees rare edges only, never messages.
 *
 * | state      | in one sentence                                                                             |
 * | ---------- | ------------------------------------------------------------------------------------------- |
 * | connecting | My tables are registered; I wait for the address and keys of every other member.             |
 * | installing | I am connected to all and say so; I wait until all say so.                                   |
 * | running    | I send, acknowledge and deliver.                                                             |
 * | leaving    | I accept no more work and wait until all that I sent was delivered by everybody.             |
 * | wedged     | The view ends: I neither send nor acknowledge nor deliver any more.                          |
 * | halted     | I refuse everything; only a new incarnation comes back.                                      |
 *
 * The machine has no context, no guards and no timers: conditions are predicates over the table (view-manager.ts), and
 * only their becoming true is an event. So its transitions are a finite table, which xstate computes and we remember: a
 * pure `transition()` costs some 80 us, a look into a Map some 10 ns, and a simulator makes thousands a second.
 *
 * The view change grows out of `wedged`: proposing, deciding, trimming, installing.
 */
import { initialTransition, setup, transition, type SnapshotFrom } from 'xstate';
import { assert } from '../assert.js';

export type MembershipEvent =
  'KEYS_COMPLETE' | 'ALL_INSTALLED' | 'LEAVE_REQUESTED' | 'DRAINED' | 'VIEW_ENDED' | 'FAILED';

export type MembershipState = 'connecting' | 'installing' | 'running' | 'leaving' | 'wedged' | 'halted';

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
    connecting: { on: { KEYS_COMPLETE: 'installing', FAILED: 'halted' } },
    installing: {
      on: { ALL_INSTALLED: 'running', LEAVE_REQUESTED: 'wedged', VIEW_ENDED: 'wedged', FAILED: 'halted' },
    },
    running: { on: { LEAVE_REQUESTED: 'leaving', VIEW_ENDED: 'wedged', FAILED: 'halted' } },
    leaving: { on: { DRAINED: 'wedged', VIEW_ENDED: 'wedged', FAILED: 'halted' } },
    wedged: { on: { FAILED: 'halted' } },
    halted: { type: 'final' },
  },
});

type Snapshot = SnapshotFrom<typeof membershipMachine>;

/** Steps already computed, by state and event; `null`: it means nothing there. A cache of a pure function: sharing it changes nothing. */
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
