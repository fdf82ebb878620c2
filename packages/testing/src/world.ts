/**
 * World runs the members of one group in virtual time, in one thread, from one seed: the protocol that is shipped, over a
 * fabric and a control channel that are simulated.
 *
 * ```
 *   EventQueue --- LANDING --> network: bytes change at a node, its driver wakes
 *              --- CONTROL --> member.receiveControl
 *              --- TURN -----> member.doWork(clock of that node)
 *              --- TIMER ----> whatever was scheduled with `after`
 *              --- DEADLINE -> the driver of a node wakes
 * ```
 *
 * Turns come from the driver (simulated-driver.ts), and members move in turns alone.
 *
 * Whatever is random is drawn from streams of the seed; two runs of one seed are the same event for event, which
 * `traceHash` proves. What breaks in it is a list of faults, made before it starts (faults/fault.ts); without any, nodes
 * are slow, pause, and leave.
 */
import {
  BowechoError,
  DELIVERIES_PER_TURN,
  assert,
  rankOfMember,
  type Member,
  type MemberIdentity,
  type ReplicaSet,
  type SubgroupSpec,
  type TakesBranch,
  type View,
} from '@bowecho/core';
import { CheckError } from './check-error.js';
import type { DeliveryHistory } from './delivery-history.js';
import { EventQueue } from './event-queue.js';
import { scheduleFault, type Fault } from './faults/fault.js';
import type { FaultCounts } from './faults/fault-counts.js';
import type { FaultStage } from './faults/fault-stage.js';
import { everywhere, firstView } from './first-view.js';
import { FoldApplication } from './fold-application.js';
import { drawHazards, type HazardCounts, type Hazards } from './hazards.js';
import { wrapApplication } from './member-internals.js';
import type { Observer } from './observer.js';
import { Random, type Seed } from './random.js';
import { drawRareBranches, noRareBranchCounts } from './rare-branches.js';
import { SimulatedControl } from './simulated-control.js';
import { SimulatedDriver } from './simulated-driver.js';
import { SimulatedJoins, type JoinStage, type Teachers } from './simulated-joins.js';
import { SimulatedNetwork } from './simulated-network.js';
import { SimulatedNode } from './simulated-node.js';
import { SimulatedReads, type ReadCounts } from './simulated-reads.js';
import { memberProcess, type SimulatedHost, type SimulatedProcess } from './simulated-process.js';
import { TraceHash } from './trace-hash.js';
import { WatchedApplication, type DeliveryWatch } from './watched-application.js';
import { isAtRest } from './world-rest.js';

const LANDING = 0;
const CONTROL = 1;
const TURN = 2;
const TIMER = 3;
const DEADLINE = 4;

/** What a run loop may have come to: few deliveries a turn for slow handlers, the most for quick ones. */
const DELIVERY_LIMITS = [1, 3, 32, DELIVERIES_PER_TURN];

/** So long after the last timer a group with beats that is not at rest never will be: virtual microseconds. */
const LONGEST_UNREST = 20_000_000;
/** A group with beats is asked so often whether it is at rest: events. */
const REST_EVERY = 16;

/** A run that is not quiet after so many events is taken for one that never will be. */
const MAX_EVENTS = 20_000_000;

export interface WorldOptions {
  readonly seed: Seed;
  /** How many members. */
  readonly nodes: number;
  /** Actor types; one shard of one ordered type on every node where left out. */
  readonly subgroups?: readonly SubgroupSpec[];
  /** Size of each sender's ring, a power of two; 2,048 bytes where left out, so that rings wrap and fill. */
  readonly ringBytes?: number;
  /** Payload bytes that may wait for room in a ring; 8,192 where left out. */
  readonly queueBytes?: number;
  /** Least and most delay of a write, milliseconds; [0.05, 2] where left out. Control messages take ten times that. */
  readonly latency?: readonly [number, number];
  /** Silence for so long is a suspicion, milliseconds; it never is where left out, and then nobody beats. */
  readonly suspicionMs?: number;
  /** Most time between a wake-up and the turn, milliseconds; 0.2 where left out. */
  readonly maxTurnDelayMs?: number;
  /** Longest pause of a node, milliseconds; 20 where left out. How often: `hazards.pause`. */
  readonly pauseMs?: number;
  /** Nodes whose turns always take a tenth of a pause. */
  readonly slowNodes?: readonly number[];
  /** Most that a node's clock is off, milliseconds either way; 5 where left out. */
  readonly clockSkewMs?: number;
  /** How many messages a turn may deliver; drawn for each node from the seed where left out, mostly few. */
  readonly deliveriesPerTurn?: number;
  /** How hostile the world is; drawn from the seed where left out. */
  readonly hazards?: Hazards;
  /** What breaks, and when; nothing where left out. */
  readonly faults?: readonly Fault[];
  /** Makes what runs on a node; a bare member, with nothing on it, where left out. */
  readonly createProcess?: (host: SimulatedHost) => SimulatedProcess;
  /** What to tell a person who wants to see this run again; `SIM_SEED=<seed>` and their own test where left out. */
  readonly replay?: string;
}

/**
 * A simulated group.
 *
 * @example
 * const world = new World({ seed: 7, nodes: 3 });
 * watchAll(world);
 * world.runUntilRunning();
 * world.send(0, 0, new Uint8Array([1, 2, 3]));
 * world.runUntilQuiet();
 * world.history(2).length; // 1
 */
export class World {
  readonly seed: Seed;
  readonly replay: string;
  /** The first view. */
  readonly view: View;
  /** Its sets; they keep their index in all views. */
  readonly sets: readonly ReplicaSet[];
  /** By node: founders by their rank in the first view, then who joined, in that order. */
  readonly members: Member[] = [];
  /** How many nodes there will be at most. */
  readonly capacity: number;
  /** Bytes of each sender's ring, and bytes that may wait for room in it. */
  readonly ringBytes: number;
  readonly queueBytes: number;
  /** Microseconds; Infinity where nobody is suspected by silence. */
  readonly suspicionMicros: number;
  readonly network: SimulatedNetwork;
  readonly hazards: Hazards;
  /** What breaks, and when. */
  readonly faults: readonly Fault[];
  /** A stream for whoever invents what the members are to do. */
  readonly workload: Random;
  /** How often each rare branch of the protocol was taken so far. */
  readonly taken = noRareBranchCounts();
  /** Turns that did something, and messages sent. */
  workingTurns = 0;
  sends = 0;
  /** Sends that were refused: no room, or the member is to go or has gone. */
  refusals = 0;
  private readonly queue = new EventQueue();
  private readonly control: SimulatedControl;
  private readonly driver: SimulatedDriver;
  private readonly takes: TakesBranch;
  private readonly trace = new TraceHash();
  private readonly nodes: SimulatedNode[] = [];
  /** By node. */
  private readonly identities: MemberIdentity[];
  private readonly joins: SimulatedJoins;
  private readonly reads: SimulatedReads;
  private readonly options: WorldOptions;
  private readonly skew: number;
  private readonly clocks: Random;
  private readonly limits: Random;
  private readonly observers: Observer[] = [];
  private readonly timers = new Map<number, () => void>();
  private timerCount = 0;
  private lastTimerAt = 0;
  private freshIds = 0;
  private readonly maxPause: number;

  constructor(options: WorldOptions) {
    const { seed, nodes } = options;
    const random = Random.fromSeed(seed);
    const [minDelay, maxDelay] = (options.latency ?? [0.05, 2]).map(toMicros) as [number, number];
    assert(nodes > 0 && minDelay <= maxDelay, `a world of ${nodes} nodes, delays ${minDelay} to ${maxDelay}`);
    this.seed = seed;
    this.replay = options.replay ?? `SIM_SEED=${seed}, and this test`;
    this.hazards = options.hazards ?? drawHazards(random.split('hazards'));
    this.workload = random.split('workload');
    this.takes = drawRareBranches(random.split('rare branches'), this.hazards.rareBranch, branch => {
      this.taken[branch]++;
      this.struck.rareBranch++;
    });
    this.reads = new SimulatedReads(this.observers);
    this.maxPause = toMicros(options.pauseMs ?? 20);
    this.view = firstView(nodes, options.subgroups ?? [everywhere(nodes)]);
    this.sets = this.view.sets;
    this.ringBytes = options.ringBytes ?? 2048;
    this.queueBytes = options.queueBytes ?? 8192;
    this.suspicionMicros = toMicros(options.suspicionMs ?? Infinity);
    this.network = new SimulatedNetwork(this.queue, random.split('network'), {
      minDelay,
      maxDelay,
      hazards: this.hazards,
      eventKind: LANDING,
    });
    this.driver = new SimulatedDriver(this.queue, this.network, random.split('schedule'), {
      hazards: this.hazards,
      maxTurnDelay: toMicros(options.maxTurnDelayMs ?? 0.2),
      maxPause: this.maxPause,
      turnKind: TURN,
      deadlineKind: DEADLINE,
      onTurn: (rank, work) => this.noteTurn(rank, work),
    });
    this.control = new SimulatedControl(
      this.queue,
      random.split('control'),
      this.view.members,
      {
        minDelay: minDelay * 10,
        maxDelay: maxDelay * 10,
        eventKind: CONTROL,
      },
      this.network.fired,
    );
    this.options = options;
    this.skew = toMicros(options.clockSkewMs ?? 5);
    this.clocks = random.split('clocks');
    this.limits = random.split('deliveries');
    this.identities = [...this.view.members];
    this.identities.forEach(() => this.addNode());
    for (const node of this.nodes) this.addProcess(node, { view: this.view, myRank: node.rank });
    this.joins = new SimulatedJoins(this.joinStage());
    this.faults = options.faults ?? [];
    this.capacity = nodes + this.faults.filter(({ kind }) => kind === 'join').length;
    const stage = this.stage();
    for (const fault of this.faults) scheduleFault(fault, stage);
    for (const { process, wake } of this.nodes) {
      process.member.start();
      wake();
    }
  }

  private addNode(): SimulatedNode {
    const rank = this.nodes.length;
    const offset = this.clocks.between(-this.skew, this.skew);
    const isSlow = this.options.slowNodes?.includes(rank) ?? false;
    const node = new SimulatedNode(rank, this.network.createFabric(), offset, isSlow, () => this.wake(rank));
    this.nodes.push(node);
    return node;
  }

  private addProcess(
    node: SimulatedNode,
    start: Pick<SimulatedHost, 'view' | 'myRank' | 'teachers' | 'shared'>,
  ): void {
    const { createProcess = host => memberProcess(host, new FoldApplication()), deliveriesPerTurn } =
      this.options;
    node.process = createProcess(this.hostOf(node, start));
    const { member } = node.process;
    member.deliveriesPerTurn = deliveriesPerTurn ?? this.limits.pick(DELIVERY_LIMITS);
    wrapApplication(
      member,
      inner => new WatchedApplication(node.rank, this.watchOf(node), this.observers, inner),
    );
    this.listenToSends(node, member);
    this.members.push(member);
  }

  private joinStage(): JoinStage {
    const { members } = this;
    return {
      members,
      isMovable: node => this.isMovable(node),
      isAlive: node => this.isAlive(node),
      after: (micros, action) => this.at(this.now + micros, action),
      wake: node => this.wake(node),
      create: (identity, view, teachers) => this.createJoiner(identity, view, teachers),
    };
  }

  /** What a joiner has to learn is copied: its teachers have delivered all of the view before. */
  private createJoiner(identity: MemberIdentity, view: View, teachers: Teachers): number {
    const shared = teachers.map((teacher, set) =>
      teacher === undefined ? undefined : this.members[teacher]!.sharedOf(set),
    );
    const node = this.addNode();
    this.identities.push(identity);
    this.control.add(identity);
    this.addProcess(node, { view, myRank: rankOfMember(view, identity), teachers, shared });
    for (const observer of this.observers) observer.onJoined(node.rank, teachers);
    node.process.member.start();
    node.wake();
    return node.rank;
  }

  /** Processes that want to be in the group and are not. */
  get joining(): readonly string[] {
    return this.joins.waiting;
  }

  /** What faults may do here. */
  private stage(): FaultStage {
    const { network, control, nodes, queue } = this;
    return {
      network,
      control,
      nodes,
      fired: network.fired,
      get now() {
        return queue.now;
      },
      at: (time, action) => this.at(time, action),
      tell: (rank, sentence) => {
        for (const observer of this.observers) observer.onFault(rank, sentence);
      },
      wake: rank => this.wake(rank),
      join: (id, first, onIn) => this.joins.begin(id, first, onIn),
      isJoining: id =>
        this.joining.includes(id) || this.identities.some(each => each.id === id && each.incarnation > 1),
      freshId: () => `j${this.freshIds++}`,
    };
  }

  private watchOf(node: SimulatedNode): DeliveryWatch {
    return {
      nodeOf: rank => this.nodeOf(node.process.member.view.members[rank]!),
      beforeDelivery: () => {
        this.driver.leak(node);
        const { deliveryFuse } = node;
        if (deliveryFuse === undefined || deliveryFuse.left-- > 0) return;
        node.deliveryFuse = undefined;
        deliveryFuse.burn();
      },
      get isAlive() {
        return node.isAlive;
      },
      onViewEntered: view => this.joins.viewEntered(view),
      onDelivery: (delivery, hash) => {
        node.history.add(delivery, hash, this.now);
        this.trace.add(
          delivery.time,
          node.rank,
          delivery.set ^ (delivery.sender << 8),
          hash ^ delivery.ordinal,
        );
      },
    };
  }

  private hostOf(
    node: SimulatedNode,
    start: Pick<SimulatedHost, 'view' | 'myRank' | 'teachers' | 'shared'>,
  ): SimulatedHost {
    const { rank, fabric, wake } = node;
    return {
      rank,
      ...start,
      fabric,
      control: this.control.portOf(rank),
      ringBytes: this.ringBytes,
      queueBytes: this.queueBytes,
      suspicionMicros: this.suspicionMicros,
      takes: this.takes,
      now: () => this.clockOf(rank),
      wake,
    };
  }

  /** Whoever sends at a member, the world or what runs on it: observers hear of it and its driver wakes. */
  private listenToSends({ rank, wake }: SimulatedNode, member: Member): void {
    const send = member.send.bind(member);
    member.send = (set, payload, length = payload.length) => {
      const ticket = this.sendOrTell(rank, set, () => send(set, payload, length));
      this.sends++;
      for (const observer of this.observers) observer.onSend(rank, set, ticket, payload, length);
      wake();
      return ticket;
    };
    const withdraw = member.withdraw.bind(member);
    member.withdraw = (set, ticket) => {
      const isWithdrawn = withdraw(set, ticket);
      if (isWithdrawn) for (const observer of this.observers) observer.onWithdraw(rank, set, ticket);
      return isWithdrawn;
    };
  }

  /** Observers hear of a message that is refused, before whoever sends it does. */
  private sendOrTell(rank: number, set: number, send: () => number): number {
    try {
      return send();
    } catch (error) {
      for (const observer of this.observers) observer.onRefusal(rank, set, error);
      throw error;
    }
  }

  /** Virtual time, microseconds. */
  get now(): number {
    return this.queue.now;
  }

  /** Landings, turns that did something, and sends so far. */
  get events(): number {
    return this.network.landings + this.workingTurns + this.sends;
  }

  /** How often each hazard struck so far. */
  get struck(): HazardCounts {
    return this.network.struck;
  }

  /** How often each fault had an effect so far. */
  get fired(): FaultCounts {
    return this.network.fired;
  }

  /** Whether that node has not crashed. A member that was let in and never came up has none. */
  isAlive(rank: number): boolean {
    return this.nodes[rank]?.isAlive ?? false;
  }

  /**
   * Whether nobody is silent for so long that it is suspected, as long as nothing breaks. Writes that land in pieces hold
   * up those behind them.
   */
  get isPatient(): boolean {
    const { split, scatter } = this.hazards;
    return (
      split + scatter === 0 && this.suspicionMicros >= 2 * (this.maxPause + this.network.options.maxDelay)
    );
  }

  /** How many regions of memory are registered at a node. */
  openRegions(node: number): number {
    return this.nodes[node]!.fabric.openRegions;
  }

  /** The node of a member, or -1 where it was let in and never came up. */
  nodeOf({ id, incarnation }: MemberIdentity): number {
    return this.identities.findIndex(each => each.id === id && each.incarnation === incarnation);
  }

  /**
   * Whether what `source` wrote last arrives at `target`, once all has landed that lands: nothing was lost, or something
   * landed after it.
   */
  hears(target: number, source: number): boolean {
    const link = this.nodes[target]!.fabric.linksIn.find(each => each.source === source);
    return link === undefined || !link.hasGap;
  }

  /** A hash of everything that happened so far: 16 hexadecimal digits, the same in every run of this seed. */
  get traceHash(): string {
    return this.trace.toString();
  }

  /** What the clock of a node shows: microseconds since 1970. */
  clockOf(rank: number): number {
    return this.nodes[rank]!.clockAt(this.queue.now);
  }

  /** What the member of that rank delivered so far. */
  history(rank: number): DeliveryHistory {
    return this.nodes[rank]!.history;
  }

  /** Adds someone who watches from now on. */
  observe(observer: Observer): void {
    this.observers.push(observer);
  }

  /**
   * Sends from the member of that rank.
   *
   * @returns its ticket
   * @throws BowechoError as `Member.send`
   */
  send(rank: number, set: number, payload: Uint8Array, length = payload.length): number {
    return this.members[rank]!.send(set, payload, length);
  }

  /** Sends unless the member refuses it now, or its node stands still. Says whether it was sent. */
  trySend(rank: number, set: number, payload: Uint8Array, length = payload.length): boolean {
    if (!this.isMovable(rank)) return false;
    try {
      this.send(rank, set, payload, length);
      return true;
    } catch (error) {
      if (error instanceof BowechoError) {
        this.refusals++;
        return false;
      }
      throw error;
    }
  }

  /** Begins a linearizable read at the member of that rank; unless nothing can run there, or it has nothing to read. */
  read(rank: number, set: number, usesLease: boolean): void {
    if (!this.isMovable(rank)) return;
    this.reads.begin(rank, this.members[rank]!, set, usesLease, this.clockOf(rank));
    this.wake(rank);
  }

  /** How reads were answered so far. */
  get readCounts(): Readonly<ReadCounts> {
    return this.reads.counts;
  }

  /** Whether anything can run on that node now. */
  private isMovable(rank: number): boolean {
    const { isAlive, frozenUntil } = this.nodes[rank]!;
    return isAlive && frozenUntil <= this.queue.now;
  }

  /** The member of that rank goes on purpose; unless nothing can run there. */
  leave(rank: number, reason: string): void {
    if (!this.isMovable(rank)) return;
    this.members[rank]!.leave(reason);
    this.wake(rank);
  }

  /** Calls `action` in `ms` milliseconds of virtual time. */
  after(ms: number, action: () => void): void {
    this.at(this.queue.now + toMicros(ms), action);
  }

  private at(time: number, action: () => void): void {
    const timer = this.timerCount++;
    this.timers.set(timer, action);
    this.queue.push(time, TIMER, timer, 0);
  }

  /** Something was queued at a node: its driver takes a turn soon. */
  wake(rank: number): void {
    this.driver.wake(this.nodes[rank]!);
  }

  /** Lets the next thing happen. False: nothing will ever happen by itself. */
  step(): boolean {
    const { queue } = this;
    if (!queue.pop()) return false;
    const { kind, a, b } = queue;
    this.trace.add(queue.now, kind, a, b);
    switch (kind) {
      case LANDING:
        this.network.land(a);
        break;
      case CONTROL:
        this.handControl(a, b);
        break;
      case TURN:
        this.driver.takeTurn(this.nodes[a]!);
        break;
      case TIMER:
        this.fire(a);
        break;
      case DEADLINE:
        this.wake(a);
        break;
    }
    return true;
  }

  private handControl(source: number, target: number): void {
    const { isAlive, frozenUntil } = this.nodes[target]!;
    if (frozenUntil > this.queue.now) {
      this.queue.push(frozenUntil, CONTROL, source, target);
      return;
    }
    const message = this.control.take(source, target);
    if (message === undefined || !isAlive) return;
    const problem = this.members[target]!.receiveControl(message);
    // Where nothing breaks and nobody goes, no member of a world sends what another one refuses.
    assert(
      problem === undefined || this.faults.length > 0 || this.hasViewChanged,
      `a control message from node ${source} was refused by node ${target}: ${problem}`,
    );
    this.wake(target);
  }

  private get hasViewChanged(): boolean {
    return this.members.some(({ view, state }) => view.vid > 0 || state === 'left' || state === 'halted');
  }

  private noteTurn(rank: number, work: number): void {
    if (work > 0) this.workingTurns++;
    this.reads.look(rank, this.members[rank]!, this.clockOf(rank));
    this.trace.add(this.queue.now, rank, work, this.network.landings);
    for (const observer of this.observers) observer.onTurn(rank, work);
  }

  private fire(timer: number): void {
    const action = this.timers.get(timer)!;
    this.timers.delete(timer);
    this.lastTimerAt = this.now;
    action();
  }

  /**
   * Runs until every member that lives is in state `running`.
   *
   * @throws CheckError where that does not come about
   */
  runUntilRunning(): void {
    while (!this.members.every((member, rank) => !this.isAlive(rank) || member.state === 'running')) {
      const goesOn = this.step() && this.now < LONGEST_UNREST;
      if (goesOn) continue;
      const waiting = this.members.map(
        (member, rank) => `${rank} ${member.state}: ${member.waitingFor().join()}`,
      );
      throw this.violation('liveness', 'the group does not come up', waiting);
    }
  }

  /** Runs `ms` milliseconds of virtual time, whether or not anything happens. */
  runFor(ms: number): void {
    const { queue } = this;
    let isOver = false;
    this.after(ms, () => (isOver = true));
    while (!isOver && queue.length > 0) this.step();
  }

  /**
   * Runs until nothing is under way, nobody has anything to do, and no timer is left. Where members beat there is no such
   * moment: then until no timer is left and the group is at rest, or has had its time to come to rest.
   *
   * @throws CheckError where that does not come about in `maxEvents` events
   */
  runUntilQuiet(maxEvents = MAX_EVENTS): void {
    for (let events = 0; this.step() && !this.isOver(events); events++) {
      if (events === maxEvents) {
        const states = this.members.map(member => member.describe());
        throw this.violation('liveness', `the group is not quiet after ${maxEvents} events`, states);
      }
    }
    for (const observer of this.observers) observer.onQuiet();
  }

  private isOver(events: number): boolean {
    if (this.suspicionMicros === Infinity || this.timers.size > 0 || events % REST_EVERY !== 0) return false;
    return this.now > this.lastTimerAt + LONGEST_UNREST || this.isAtRest;
  }

  /** Whether nothing but beats can happen any more, where members beat. */
  get isAtRest(): boolean {
    return this.suspicionMicros < Infinity && this.timers.size === 0 && isAtRest(this.nodes, this.queue.now);
  }

  /** Makes the error that says what went wrong in this world. */
  violation(checker: string, sentence: string, lines: readonly string[]): CheckError {
    return new CheckError({ checker, seed: this.seed, replay: this.replay, sentence, lines });
  }
}

function toMicros(ms: number): number {
  return Math.round(ms * 1000);
}
