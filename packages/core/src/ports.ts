/**
 * Ports are what a member needs of its host. Production and simulation plug in here, and nowhere else.
 */
import type { Fabric } from './fabric.js';
import type { StateChange } from './membership/membership-machine.js';
import type { ViewRecord } from './membership/view-record.js';
import type { MemberIdentity, View } from './view/view.js';

/** What every member of a view tells every other before it starts: where to write. */
export interface KeysMessage {
  readonly kind: 'keys';
  readonly vid: number;
  readonly from: MemberIdentity;
  /** `Fabric.address` of the sender. */
  readonly address: Uint8Array;
  /** Key of its member table. */
  readonly memberTable: Uint8Array;
  /** Key of its table per replica set of the view; undefined where it is no replica. */
  readonly shardTables: readonly (Uint8Array | undefined)[];
}

/** Bytes from one member's application to another's, in no order with deliveries. */
export interface ApplicationMessage {
  readonly kind: 'application';
  readonly vid: number;
  readonly from: MemberIdentity;
  readonly bytes: Uint8Array;
}

/**
 * What one who knows how a view ended tells those who are not in the next one: nobody may write into their memory any
 * more, so they might not hear of it.
 */
export interface DecidedMessage {
  readonly kind: 'decided';
  readonly vid: number;
  readonly from: MemberIdentity;
  readonly record: ViewRecord;
}

export type ControlMessage = KeysMessage | ApplicationMessage | DecidedMessage;

/** The control channel: reliable and in order per pair of members, slow, and never on the path of a message. */
export interface ControlPort {
  /** False: there is no way to that member at the moment, and nothing was sent. Never throws. */
  send(to: MemberIdentity, message: ControlMessage): boolean;
}

/** One delivered message. The object is reused, and its bytes may be overwritten once `deliver` returned. */
export interface Delivery {
  /** Index in `View.sets`. */
  readonly set: number;
  /** Rank of the sender in the view of `vid`, and whether that is me. */
  readonly sender: number;
  readonly isMine: boolean;
  readonly vid: number;
  /** Ordered: place in the total order of the set in this view. Unordered: in the sender's own sequence. */
  readonly ordinal: number;
  /**
   * Microseconds since 1970, the same at every replica. Ordered: growing from one delivery to the next. Unordered: the
   * sender's clock when it published; messages published together share it, and clocks of two senders may differ.
   */
  readonly time: number;
  /** The payload is `memory[offset .. offset + length)`. */
  readonly memory: Uint8Array;
  readonly offset: number;
  readonly length: number;
}

/** How a member's time in the group ended. */
export interface MembershipEnd {
  /** In words. */
  readonly reason: string;
  /** Whether it went on purpose, and the group knows. */
  readonly isLeave: boolean;
  /**
   * By set: how many more of my messages than were delivered here those who go on deliver; the others nobody ever will. Undefined
   * where I am no sender, and for all sets where what is decided is not known here.
   */
  readonly executedElsewhere: readonly (number | undefined)[];
}

/** What runs on top of a member. Nothing here may throw: a throw halts the member. */
export interface Application {
  deliver(delivery: Delivery): void;
  /**
   * The next view is decided, and all of the one before is delivered: what is delivered from now on belongs to it. Every
   * member of it that was in the one before gets this call at the same place of each set's sequence. Not called for the
   * first view.
   */
  onViewEntered(view: View): void;
  /** Every member of the view is connected to every other: messages flow. A view may end before that. */
  onViewInstalled(view: View): void;
  /** This member is in no view any more: nothing more will be delivered here. */
  onEnded(end: MembershipEnd): void;
  onStateChanged(change: StateChange): void;
  /** Another member's application sent this over the control channel. */
  onMessage(from: MemberIdentity, bytes: Uint8Array): void;
  /** The member stopped for good because an invariant broke. */
  onHalted(error: unknown): void;
}

export interface Ports {
  readonly fabric: Fabric;
  readonly control: ControlPort;
  readonly application: Application;
}
