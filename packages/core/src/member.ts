/**
 * Member is an engine with its ports: it polls the fabric, takes a turn, and performs the effects in their order. The
 * same object runs in production and in the simulator; whoever drives it calls `doWork` and nothing happens in between.
 *
 * An error inside a turn means that an invariant broke or the application threw: the member halts, says so once, and does
 * nothing any more. It pushes nothing of that turn, so what others saw of it stays true.
 */
import { assert } from './assert.js';
import { Engine, memberTableLayout } from './engine.js';
import { BowechoError } from './errors.js';
import { Outbox, type Effect } from './effects.js';
import { EVENT_PEER_FAILED, EVENT_STRIDE, EVENT_WRITES_LOST, type Region } from './fabric.js';
import { DELIVERIES_PER_TURN } from './multicast/delivery-list.js';
import { multicastLayout, type Multicast, type MulticastOptions } from './multicast/multicast.js';
import type { MembershipState } from './membership/membership-machine.js';
import type { ControlMessage, Delivery, KeysMessage, Ports } from './ports.js';
import { assertView, replicaSets, type View } from './view/view.js';

/** What one turn takes of the fabric's events; the rest waits for the next. */
const MOST_EVENTS = 64;

export interface MemberOptions extends MulticastOptions {
  readonly view: View;
  readonly myRank: number;
  readonly ports: Ports;
}

/** `Delivery`, writable: one object per member, filled for every message. */
class CurrentDelivery implements Delivery {
  set = 0;
  sender = 0;
  isMine = false;
  ordinal = 0;
  time = 0;
  memory: Uint8Array = new Uint8Array(0);
  offset = 0;
  length = 0;
  constructor(readonly vid: number) {}
}

export class Member {
  readonly view: View;
  readonly myRank: number;
  private readonly engine: Engine;
  private readonly ports: Ports;
  private readonly outbox = new Outbox();
  private readonly memberRegion: Region;
  private readonly shardRegions: readonly (Region | undefined)[];
  /** By replica set: all of its table, for payloads. */
  private readonly shardBytes: readonly (Uint8Array | undefined)[];
  private readonly delivery: CurrentDelivery;
  /** By the fabric's peer index: whose memory it is. */
  private readonly rankOfPeer = new Map<number, number>();
  private readonly events = new Int32Array(MOST_EVENTS * EVENT_STRIDE);

  /** Registers the view's memory. Others learn of it by `start`. */
  constructor(options: MemberOptions) {
    const { view, myRank, ports } = options;
    assertView(view);
    this.view = view;
    this.myRank = myRank;
    this.ports = ports;
    this.memberRegion = ports.fabric.register(memberTableLayout(view).bytes);
    this.shardRegions = replicaSets(view).map(set =>
      set.replicas.includes(myRank)
        ? ports.fabric.register(multicastLayout(set, options.ringBytes).bytes)
        : undefined,
    );
    this.shardBytes = this.shardRegions.map(region => region && new Uint8Array(region.memory));
    this.delivery = new CurrentDelivery(view.vid);
    this.engine = new Engine(
      view,
      myRank,
      {
        memberTable: this.memberRegion.memory,
        shardTables: this.shardRegions.map(region => region?.memory),
      },
      options,
    );
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
    return this.state === 'halted' ? Infinity : this.engine.nextDeadline;
  }

  /** What this member waits for, and on whom. */
  waitingFor(): readonly string[] {
    return this.engine.manager.waitingFor();
  }

  /** Tells the other members where to write. */
  start(): void {
    for (let rank = 0; rank < this.view.members.length; rank++) if (rank !== this.myRank) this.sendKeys(rank);
  }

  /** Tells one of them, again where the control channel may have lost it. */
  sendKeys(rank: number): void {
    const me = this.view.members[this.myRank]!;
    const keys: KeysMessage = {
      kind: 'keys',
      vid: this.view.vid,
      from: me,
      address: this.ports.fabric.address,
      memberTable: this.memberRegion.key,
      shardTables: this.shardRegions.map(region => region?.key),
    };
    this.ports.control.send(this.view.members[rank]!, keys);
  }

  /**
   * Input from the control channel; looked at in the next turn.
   *
   * @returns why the message was not taken, in words: it came from a network, so anything may be in it
   */
  receiveControl(message: ControlMessage): string | undefined {
    if (this.state === 'halted') return 'this member has halted'; // no turn follows that would look at it
    return this.engine.manager.receive(message);
  }

  /** Sends bytes to another member's application, over the control channel. False: there is no way to it now. */
  sendMessage(toRank: number, bytes: Uint8Array): boolean {
    const from = this.view.members[this.myRank]!;
    const to = this.view.members[toRank]!;
    return this.ports.control.send(to, { kind: 'application', vid: this.view.vid, from, bytes });
  }

  /**
   * Notes that another member is gone for good, as somebody beside the fabric knows for certain: its view cannot go on.
   * What it had written here before is looked at first; who left in order is not lost.
   *
   * @param reason to be read after `n3 is lost: `
   */
  memberLost(rank: number, reason: string): void {
    if (this.state !== 'halted') this.engine.manager.lost(rank, reason);
  }

  /** Goes on purpose: delivers what was sent, then ends the view. */
  leave(reason: string): void {
    this.engine.manager.requestLeave(reason);
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
    if (this.state !== 'running') this.refuseSend();
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
    const what = this.state === 'leaving' || this.state === 'wedged' ? 'ended' : 'not begun';
    throw new BowechoError('CLOSED', `view ${this.view.vid} has ${what} here (${this.state})`, {
      didExecute: 'no',
    });
  }

  /** Takes back a message that still waits for room. False: it is on its way. */
  withdraw(set: number, ticket: number): boolean {
    return this.engine.multicasts[set]?.withdraw(ticket) ?? false;
  }

  /** What this member has received of a replica set: see `hasDelivered`. Undefined where nothing is undelivered. */
  receivedMark(set: number): Float64Array | undefined {
    return this.multicast(set).receivedMark();
  }

  /** Whether all that was received when `mark` was taken is delivered here. */
  hasDelivered(set: number, mark: Float64Array): boolean {
    return this.multicast(set).hasDelivered(mark);
  }

  /** How many of my newest messages to a replica set nobody else can have seen. */
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
    if (this.state === 'halted') return 0;
    const { fabric } = this.ports;
    const { outbox } = this;
    try {
      fabric.poll();
      this.takeEvents();
      if (outbox.pushes.count > 0 && !this.flushPushes()) return 0;
      const work = this.engine.turn(now, outbox);
      this.performDeliveries();
      if (outbox.effects.length > 0) this.performEffects();
      this.flushPushes();
      return work;
    } catch (error) {
      this.halt(error);
      return 0;
    }
  }

  /** A peer that failed, or whose writes were lost, is a member that the view has lost. */
  private takeEvents(): void {
    const { events } = this;
    const count = this.ports.fabric.drain(events);
    for (let i = 0; i < count * EVENT_STRIDE; i += EVENT_STRIDE) {
      const rank = this.rankOfPeer.get(events[i + 1]!);
      if (rank === undefined) continue;
      const { manager } = this.engine;
      if (events[i] === EVENT_PEER_FAILED) manager.lost(rank, 'its process is gone, or cannot be reached');
      else if (events[i] === EVENT_WRITES_LOST)
        manager.broken(rank, 'the connection broke, and writes were lost');
    }
  }

  /** Offers what is left to push. False: the fabric is full, and nothing newer may be pushed before it. */
  private flushPushes(): boolean {
    const { pushes } = this.outbox;
    if (pushes.count > 0) pushes.accept(this.ports.fabric.push(pushes.batch, pushes.count));
    return pushes.count === 0;
  }

  private performDeliveries(): void {
    const { deliveries } = this.outbox;
    const { delivery } = this;
    const { application } = this.ports;
    for (let i = 0; i < deliveries.count; i++) {
      const set = deliveries.set[i]!;
      const sender = this.engine.sets[set]!.senders[deliveries.sender[i]!]!;
      delivery.set = set;
      delivery.sender = sender;
      delivery.isMine = sender === this.myRank;
      delivery.ordinal = deliveries.ordinal[i]!;
      delivery.time = deliveries.time[i]!;
      delivery.memory = this.shardBytes[set]!;
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
      case 'message':
        application.onMessage(effect.fromRank, effect.bytes);
        break;
      case 'state-changed':
        application.onStateChanged(effect.change);
        break;
      case 'view-installed':
        application.onViewInstalled(effect.view);
        break;
      case 'view-ended':
        application.onViewEnded(effect.reason);
        break;
    }
  }

  private connect(rank: number, keys: KeysMessage): void {
    const { fabric } = this.ports;
    const open = (key: Uint8Array, region: Region): number => {
      const { index } = fabric.connect(keys.address, key, region);
      this.rankOfPeer.set(index, rank);
      return index;
    };
    const memberPeer = open(keys.memberTable, this.memberRegion);
    this.engine.connected(rank, memberPeer, set => open(keys.shardTables[set]!, this.shardRegions[set]!));
  }

  private halt(error: unknown): void {
    this.outbox.clear();
    this.engine.manager.halt(String(error), this.outbox);
    this.performEffects();
    this.outbox.clear();
    this.ports.application.onHalted(error);
  }

  /** Fences everybody out of this view's memory. Call it when the member is done. */
  close(): void {
    this.memberRegion.close();
    for (const region of this.shardRegions) region?.close();
  }

  /** One line per replica set, for people. */
  describe(): string {
    const lines = this.engine.multicasts
      .map(multicast => multicast?.describe())
      .filter(line => line !== undefined);
    return [`V${this.view.vid} ${this.view.members[this.myRank]!.id} ${this.state}`, ...lines].join('\n  ');
  }
}
