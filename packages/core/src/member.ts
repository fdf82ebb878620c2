/**
 * Member is one member of a group, through all its views: it polls the fabric, takes a turn, and performs the effects in
 * their order. The same object runs in production and in the simulator; whoever drives it calls `doWork` and nothing
 * happens in between.
 *
 * A view is an engine and its memory. When one is decided to end and all of it is delivered, the member makes the next
 * one, with fresh memory, and tells the others its keys. The old one stays until every member of the new one is
 * connected to every other: those who are late read in it what was decided.
 *
 * An error inside a turn means that an invariant broke or the application threw: the member halts, says so once, and does
 * nothing any more. It pushes nothing of that turn, so what others saw of it stays true.
 */
import { assert } from './assert.js';
import { EarlyKeys } from './early-keys.js';
import { joined, type Engine, type EngineOptions } from './engine.js';
import { Epoch } from './epoch.js';
import { BowechoError } from './errors.js';
import { Outbox, type Effect } from './effects.js';
import {
  EVENT_PEER_FAILED,
  EVENT_PEER_GONE,
  EVENT_STRIDE,
  EVENT_WRITES_LOST,
  type Region,
} from './fabric.js';
import { LinearizableRead } from './linearizable-read.js';
import { DELIVERIES_PER_TURN } from './multicast/delivery-list.js';
import type { SharedHeritage } from './multicast/heritage.js';
import type { Multicast } from './multicast/multicast.js';
import type { MembershipState } from './membership/membership-machine.js';
import type { ViewRecord } from './membership/view-record.js';
import type { ApplicationMessage, ControlMessage, Delivery, KeysMessage, Ports } from './ports.js';
import { TAKES_NONE, type TakesBranch } from './rare-branches.js';
import { assertView, rankOfMember, type MemberIdentity, type View } from './view/view.js';

/** What one turn takes of the fabric's events; the rest waits for the next. */
const MOST_EVENTS = 64;

export interface MemberOptions extends EngineOptions {
  /** The view to begin with. */
  readonly view: View;
  /** Of who joins, by set: what the multicasts begin with, as a replica says that was there before. Undefined for founders. */
  readonly shared?: readonly (SharedHeritage | undefined)[];
  readonly myRank: number;
  readonly ports: Ports;
}

/** `Delivery`, writable: one object per member, filled for every message. */
class CurrentDelivery implements Delivery {
  set = 0;
  sender = 0;
  isMine = false;
  vid = 0;
  ordinal = 0;
  time = 0;
  memory: Uint8Array = new Uint8Array(0);
  offset = 0;
  length = 0;
}

export class Member {
  readonly identity: MemberIdentity;
  private readonly options: MemberOptions;
  private readonly ports: Ports;
  private readonly takes: TakesBranch;
  private readonly outbox = new Outbox();
  private epoch: Epoch;
  /** Views left behind that others may still need me in, oldest first. */
  private former: Epoch[] = [];
  private readonly delivery = new CurrentDelivery();
  /** By the fabric's peer index: whose memory it is, and of which view. */
  private readonly wayOf = new Map<number, { readonly epoch: Epoch; readonly rank: number }>();
  private readonly events = new Int32Array(MOST_EVENTS * EVENT_STRIDE);
  /** Of the next view, from those who are in it already. */
  private readonly earlyKeys = new EarlyKeys();
  /** What applications say from a view that does not run here yet. */
  private earlyMessages: ApplicationMessage[] = [];
  private isBroken = false;
  private hasRun = false;

  /** Registers the view's memory. Others learn of it by `start`. */
  constructor(options: MemberOptions) {
    const { view, myRank, ports, shared } = options;
    assertView(view);
    this.identity = view.members[myRank]!;
    this.options = options;
    this.ports = ports;
    this.takes = options.takes ?? TAKES_NONE;
    assert((view.vid === 0) === (shared === undefined), `a member that begins in view ${view.vid}`);
    this.epoch = new Epoch(view, this.identity, ports.fabric, options, shared && joined(shared));
  }

  /** The view that this member is in, or was in last. */
  get view(): View {
    return this.epoch.engine.view;
  }

  /** The place of this member in `view`. */
  get myRank(): number {
    return this.engine.myRank;
  }

  private get engine(): Engine {
    return this.epoch.engine;
  }

  get state(): MembershipState {
    return this.engine.manager.state;
  }

  /** How many messages one turn delivers at most: 1 to `DELIVERIES_PER_TURN`, which it is where nobody sets it. */
  get deliveriesPerTurn(): number {
    return this.outbox.deliveries.limit;
  }

  set deliveriesPerTurn(limit: number) {
    assert(limit >= 1 && limit <= DELIVERIES_PER_TURN, `${limit} deliveries a turn`);
    this.outbox.deliveries.limit = limit;
  }

  /** When `doWork` must be called though nothing happened: microseconds since 1970, or Infinity. */
  get nextDeadline(): number {
    if (this.isBroken) return Infinity;
    let deadline = this.engine.nextDeadline;
    for (const { engine } of this.former) deadline = Math.min(deadline, engine.voterDeadline);
    return deadline;
  }

  /** What this member waits for, and on whom. */
  waitingFor(): readonly string[] {
    return this.engine.manager.waitingFor();
  }

  /** Tells the other members where to write. */
  start(): void {
    for (const member of this.view.members) if (member !== this.identity) this.sendKeys(member);
  }

  /** Tells one of them, again where the control channel may have lost it. Nothing to tell to who is in no view with me. */
  sendKeys(to: MemberIdentity): void {
    const { epoch, identity, ports } = this;
    const rank = rankOfMember(this.view, to);
    if (rank < 0 || rank === this.myRank || epoch.engine.manager.isOver) return;
    const keys: KeysMessage = {
      kind: 'keys',
      vid: this.view.vid,
      from: identity,
      address: ports.fabric.address,
      memberTable: epoch.memberRegion.key,
      shardTables: epoch.shardRegions.map(region => region?.key),
    };
    ports.control.send(to, keys);
  }

  /**
   * Input from the control channel; looked at in the next turn.
   *
   * @returns why the message was not taken, in words: it came from a network, so anything may be in it
   */
  receiveControl(message: ControlMessage): string | undefined {
    const { manager } = this.engine;
    const { vid } = this.view;
    if (this.isBroken || manager.isOver)
      return `this member ${this.state === 'left' ? 'has left' : 'has halted'}`;
    if (message.kind === 'application') return this.takeMessage(message);
    if (message.kind === 'keys' && message.vid === vid + 1) {
      this.earlyKeys.keep(message, this.isOther(message.from));
      return undefined;
    }
    return manager.receive(message);
  }

  private isOther(from: MemberIdentity): boolean {
    const rank = rankOfMember(this.view, from);
    return rank >= 0 && rank !== this.myRank;
  }

  /**
   * What the application of another member says waits until the view that it was said in runs here, too: what is said
   * does not come the way that rows come, so its sender may be ahead of me.
   */
  private takeMessage(message: ApplicationMessage): string | undefined {
    const { from, vid } = message;
    if (!this.isOther(from))
      return `${from.id} (incarnation ${from.incarnation}) is no other member of view ${this.view.vid}`;
    if (vid > this.view.vid + 1) return `it is of view ${vid}, and this is ${this.view.vid}`;
    this.earlyMessages.push(message);
    return undefined;
  }

  /** Sends bytes to another member's application, over the control channel. False: there is no way to it now. */
  sendMessage(to: MemberIdentity, bytes: Uint8Array): boolean {
    const { vid } = this.view;
    return this.ports.control.send(to, { kind: 'application', vid, from: this.identity, bytes });
  }

  /**
   * Notes that another member is gone for good, as somebody beside the fabric knows for certain: its view cannot go on with it.
   * What it had written here before is looked at first; who left in order is not lost.
   *
   * @param reason to be read after `n3 is lost: `
   * @param isGone whether its process has ended for certain, so that it answers nothing any more
   */
  memberLost(member: MemberIdentity, reason: string, isGone = false): void {
    const rank = rankOfMember(this.view, member);
    if (rank >= 0) this.engine.manager.suspect(rank, reason, isGone);
  }

  /** Goes on purpose: delivers what was sent, then ends the view for itself. */
  leave(reason: string): void {
    this.engine.manager.requestLeave(reason);
  }

  /**
   * Has that process let in: this view ends, and in the next one it is a member, unless too many join at once or this member is lost;
   * ask again then. It must have learned all that is delivered here up to the end of this view when it begins.
   *
   * @returns why it cannot be let in now, in words
   */
  admit(joiner: MemberIdentity): string | undefined {
    return this.isBroken ? 'this member has halted' : this.engine.manager.admit(joiner);
  }

  /** What shards lack, in words, where the view has ended and no other may come to be for it; empty else. */
  get missingReplicas(): readonly string[] {
    return this.isBroken ? [] : this.engine.manager.missingReplicas;
  }

  /**
   * The only member that lets others in, itself perhaps, where the view has ended and shards of the next one lack replicas; undefined
   * where any may.
   */
  get doorkeeper(): MemberIdentity | undefined {
    const rank = this.isBroken ? undefined : this.engine.manager.doorkeeper;
    return rank === undefined ? undefined : this.view.members[rank];
  }

  /** What a replica that is new begins with. To be asked in `onViewEntered`, of a set that this member replicates. */
  sharedOf(set: number): SharedHeritage {
    return this.multicast(set).shared;
  }

  /** Whether this member may send to that replica set. */
  isSender(set: number): boolean {
    return this.engine.multicasts[set]?.isSender ?? false;
  }

  /**
   * Queues a message to a replica set; the next turn publishes it.
   *
   * @param payload its first `length` bytes are copied
   * @returns its ticket; my messages to one set are delivered in the order of their tickets
   * @throws BowechoError `NOT_A_REPLICA`, `TOO_LARGE`, `OVERLOADED`, `HALTED`, `CLOSED`; nothing was sent then
   */
  send(set: number, payload: Uint8Array, length: number = payload.length): number {
    if (!this.hasRun || this.isBroken || this.engine.manager.isLeaving) this.refuseSend();
    const multicast = this.engine.multicasts[set];
    if (multicast === undefined) {
      throw new BowechoError('NOT_A_REPLICA', `this member holds no replica of set ${set}`, {
        didExecute: 'no',
      });
    }
    return multicast.send(payload, length);
  }

  private refuseSend(): never {
    if (this.state === 'halted')
      throw new BowechoError('HALTED', 'this member has halted', { didExecute: 'no' });
    const what = this.hasRun ? 'this member is leaving' : `view ${this.view.vid} has not begun here`;
    throw new BowechoError('CLOSED', `${what} (${this.state})`, { didExecute: 'no' });
  }

  /** Takes back a message that still waits for room. False: it is on its way. */
  withdraw(set: number, ticket: number): boolean {
    return this.engine.multicasts[set]?.withdraw(ticket) ?? false;
  }

  /** Whether messages flow here. */
  get isActive(): boolean {
    return this.engine.manager.isActive;
  }

  /**
   * Whether a replica here has all that has completed anywhere by now, so that a read of it needs to wait for nothing.
   *
   * @param now microseconds, looked at after the read was asked for
   */
  isCurrent(set: number, now: number): boolean {
    return this.holdsLease(now) && this.multicast(set).isDelivered;
  }

  /** Begins a read that may have to wait, and says when it need not any more. A turn must follow soon. */
  beginRead(set: number, usesLease: boolean, now: number): LinearizableRead {
    return new LinearizableRead(this, set, usesLease, now);
  }

  /** Whether no view without this member has begun by `now`; see `ReadLease`. */
  holdsLease(now: number): boolean {
    return this.engine.manager.holdsLease(now);
  }

  /** Whether a lease is to be asked for by `requestProbe`, so that the next reads find one. */
  isLeaseAging(now: number): boolean {
    return this.engine.manager.isLeaseAging(now);
  }

  /** Asks all others whether they are still in this view; a turn must follow soon. The number is for `isEchoed`. */
  requestProbe(): number {
    return this.engine.manager.requestProbe();
  }

  /** Whether all others were in this view after that probe was asked for. */
  isEchoed(probe: number): boolean {
    return this.engine.manager.isEchoed(probe);
  }

  /** What this member has received of a replica set: see `hasDelivered`. Undefined where nothing is undelivered. */
  receivedMark(set: number): Float64Array | undefined {
    return this.multicast(set).receivedMark();
  }

  /** Whether all that was received when `mark` was taken is delivered here. */
  hasDelivered(set: number, mark: Float64Array): boolean {
    return this.multicast(set).hasDelivered(mark);
  }

  /**
   * How many of my newest messages to a replica set took no effect anywhere: nobody else has seen them, or they were left
   * over from the view before, and are still to go out.
   */
  unpublishedCount(set: number): number {
    return this.engine.multicasts[set]?.unpublishedCount ?? 0;
  }

  private multicast(set: number): Multicast {
    const multicast = this.engine.multicasts[set];
    if (multicast === undefined) {
      throw new BowechoError('NOT_A_REPLICA', `this member holds no replica of set ${set}`, {
        didExecute: 'no',
      });
    }
    return multicast;
  }

  /**
   * Polls, takes one turn, performs its effects.
   *
   * @param now microseconds since 1970, never falling
   * @returns how much was done; 0 lets the driver rest
   */
  doWork(now: number): number {
    if (this.isBroken) return 0;
    const { fabric } = this.ports;
    const { outbox, former } = this;
    try {
      fabric.poll();
      this.takeEvents();
      if (outbox.pushes.count > 0 && !this.flushPushes()) return 0;
      outbox.clear();
      if (former.length > 0) this.turnFormer(now);
      let work = this.engine.turn(now, outbox);
      if (former.length > 0 && this.engine.manager.hasBeaten)
        for (const { engine } of former) engine.beat(outbox.pushes);
      this.performDeliveries();
      if (outbox.effects.length > 0) this.performEffects();
      if (this.earlyMessages.length > 0 && !this.engine.manager.isOver) work += this.handMessages();
      if (this.flushPushes() && this.former.length > 0) work += this.retireFormer();
      return work;
    } catch (error) {
      this.halt(error);
      return 0;
    }
  }

  /** In views left behind I vote, and hear who is alive. */
  private turnFormer(now: number): void {
    for (const { engine } of this.former) {
      for (const rank of engine.turnAsVoter(now, this.outbox.pushes)) {
        const present = rankOfMember(this.view, engine.view.members[rank]!);
        if (present >= 0) this.engine.manager.heard(present, now);
      }
    }
  }

  /**
   * Once all are in the present view nobody needs those before it. Nothing is under way from them then.
   *
   * @returns how much was done, or is left to the next turn
   */
  private retireFormer(): number {
    const { state } = this;
    if (state !== 'running' && state !== 'leaving') return 0;
    if (this.takes('keeps a former view')) return 1;
    for (const epoch of this.former) {
      epoch.peers.forEach((_, rank) => this.disconnect(epoch, rank));
      epoch.close();
    }
    const count = this.former.length;
    this.former = [];
    return count;
  }

  /** A peer that failed, or whose writes were lost, is a member that the view has lost. */
  private takeEvents(): void {
    const { events } = this;
    const count = this.ports.fabric.drain(events);
    for (let i = 0; i < count * EVENT_STRIDE; i += EVENT_STRIDE) {
      const way = this.wayOf.get(events[i + 1]!);
      if (way === undefined) continue;
      const member = way.epoch.engine.view.members[way.rank]!;
      if (events[i] === EVENT_PEER_FAILED)
        this.memberLost(member, 'its process is gone, or cannot be reached');
      else if (events[i] === EVENT_PEER_GONE) this.memberLost(member, 'its process is gone', true);
      else if (events[i] === EVENT_WRITES_LOST) this.memberBroken(member);
    }
  }

  /** A connection carries the writes of all views. */
  private memberBroken(member: MemberIdentity): void {
    for (const { engine } of [...this.former, this.epoch]) {
      const rank = rankOfMember(engine.view, member);
      if (rank >= 0) engine.broken(rank, 'the connection broke, and writes were lost');
    }
  }

  /** What applications said in views that have come here. */
  private handMessages(): number {
    const { state } = this;
    const { vid } = this.view;
    const isComing = state === 'connecting' || state === 'installing';
    const waiting = this.earlyMessages;
    this.earlyMessages = [];
    let count = 0;
    for (const message of waiting) {
      const isEarly = message.vid > vid || (message.vid === vid && isComing);
      if (isEarly) this.earlyMessages.push(message);
      else {
        this.ports.application.onMessage(message.from, message.bytes);
        count++;
      }
    }
    return count;
  }

  /** Offers what is left to push. False: the fabric is full, and nothing newer may be pushed before it. */
  private flushPushes(): boolean {
    const { pushes } = this.outbox;
    if (pushes.count > 0) pushes.accept(this.ports.fabric.push(pushes.batch, pushes.count));
    return pushes.count === 0;
  }

  private performDeliveries(): void {
    const { deliveries } = this.outbox;
    if (deliveries.count === 0) return;
    const { delivery, myRank } = this;
    const { application } = this.ports;
    const { shardBytes } = this.epoch;
    const { sets, vid } = this.view;
    delivery.vid = vid;
    for (let i = 0; i < deliveries.count; i++) {
      const set = deliveries.set[i]!;
      const sender = sets[set]!.senders[deliveries.sender[i]!]!;
      delivery.set = set;
      delivery.sender = sender;
      delivery.isMine = sender === myRank;
      delivery.ordinal = deliveries.ordinal[i]!;
      delivery.time = deliveries.time[i]!;
      delivery.memory = shardBytes[set]!;
      delivery.offset = deliveries.offset[i]!;
      delivery.length = deliveries.length[i]!;
      application.deliver(delivery);
    }
  }

  private performEffects(): void {
    for (const effect of this.outbox.effects) this.perform(effect);
  }

  private perform(effect: Effect): void {
    const { application } = this.ports;
    switch (effect.kind) {
      case 'connect':
        this.connect(effect.rank, effect.keys);
        break;
      case 'disconnect':
        this.shun(this.view.members[effect.rank]!);
        break;
      case 'state-changed':
        application.onStateChanged(effect.change);
        break;
      case 'view-installed':
        this.hasRun = true;
        application.onViewInstalled(effect.view);
        break;
      case 'view-decided':
        this.tellThoseWithout(effect.record);
        break;
      case 'enter-view':
        this.enter(effect.view);
        application.onViewEntered(effect.view);
        break;
      case 'ended':
        application.onEnded(effect.end);
        break;
    }
  }

  private connect(rank: number, keys: KeysMessage): void {
    const { fabric } = this.ports;
    const { epoch } = this;
    const open = (key: Uint8Array, region: Region): number => {
      const peer = fabric.connect(keys.address, key, region);
      this.wayOf.set(peer.index, { epoch, rank });
      epoch.peers[rank]!.push(peer);
      return peer.index;
    };
    try {
      const memberPeer = open(keys.memberTable, epoch.memberRegion);
      epoch.engine.connected(rank, memberPeer, set => open(keys.shardTables[set]!, epoch.shardRegions[set]!));
    } catch (error) {
      // In the first view somebody has to be told what is wrong; later it may just have gone since it gave its keys.
      if (!(error instanceof BowechoError) || this.view.vid === 0) throw error;
      this.engine.manager.suspect(rank, error.message);
      this.disconnect(epoch, rank);
    }
  }

  /**
   * Writes nothing more to a member, in no view: what it heard of me in a former one would keep it from suspecting me as I
   * suspect it.
   */
  private shun(member: MemberIdentity): void {
    for (const epoch of [...this.former, this.epoch]) {
      const rank = rankOfMember(epoch.engine.view, member);
      if (rank >= 0) this.disconnect(epoch, rank);
    }
  }

  private disconnect(epoch: Epoch, rank: number): void {
    epoch.engine.disconnected(rank);
    for (const peer of epoch.peers[rank]!.splice(0)) {
      this.wayOf.delete(peer.index);
      this.ports.fabric.disconnect(peer);
    }
  }

  /**
   * Who is not in the next view may not be written to, and would not hear of it; if this is lost as well, it finds out by
   * the silence.
   */
  private tellThoseWithout(record: ViewRecord): void {
    if (this.takes('keeps what is decided to itself')) return;
    const { view, identity, ports } = this;
    view.members.forEach((member, rank) => {
      if (record.fates[rank] === 'stays' || rank === this.myRank) return;
      ports.control.send(member, { kind: 'decided', vid: view.vid, from: identity, record });
    });
  }

  /** Fresh memory: a late write of somebody who was left out hits nothing. Whom I suspect I go on to suspect. */
  private enter(view: View): void {
    const before = this.epoch;
    const { suspected } = before.engine.manager;
    this.former.push(before);
    this.epoch = new Epoch(view, this.identity, this.ports.fabric, this.options, before.engine);
    const { manager } = this.engine;
    suspected.forEach((reason, rank) => {
      const member = before.engine.view.members[rank]!;
      if (reason !== undefined) this.memberLost(member, reason);
    });
    this.start();
    for (const keys of this.earlyKeys.takeAll()) if (keys.vid === view.vid) manager.receive(keys);
  }

  private halt(error: unknown): void {
    this.isBroken = true;
    this.outbox.clear();
    this.engine.manager.halt(String(error), this.outbox);
    this.performEffects();
    this.outbox.clear();
    this.ports.application.onHalted(error);
  }

  /** Fences everybody out of this member's memory. Call it when the member is done. */
  close(): void {
    for (const epoch of [...this.former, this.epoch]) epoch.close();
  }

  /** One line per replica set, for people. */
  describe(): string {
    const lines = this.engine.multicasts
      .map(multicast => multicast?.describe())
      .filter(line => line !== undefined);
    return [`V${this.view.vid} ${this.view.members[this.myRank]!.id} ${this.state}`, ...lines].join('\n  ');
  }
}
