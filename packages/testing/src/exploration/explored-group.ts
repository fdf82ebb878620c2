/**
 * ExploredGroup is a group in which nothing happens by itself: the members that are shipped, on fabrics and a control
 * channel that stand still. At every moment there is a menu of steps, numbered from 0; `take` lets one of them happen.
 *
 *  - *turn*: a member takes a turn. Before it, of each link to it the first so many writes land, of each control queue
 *    the first so many messages arrive, and it may be told that a member is lost. Only who has something to do or to
 *    look at takes a turn. By mistake it may be told that of a member that lives, which then may find it silent in its turn.
 *  - *crash*: the member that took a turn last takes no more.
 *  - *time*: where there is nothing else, the clock jumps to the next deadline of anybody.
 *
 * What is left out because it makes no difference to what a member does:
 *
 *  - Landings, arrivals and news are part of the turn that sees them. A member looks at its memory in its turns alone, and what
 *    arrives beside it is only queued until then.
 *  - A write without the counters behind it lands together with those, unless it overwrites notes: nobody looks at bytes that no
 *    counter vouches for.
 *  - What nobody will look at is dropped: writes to memory that is closed, to shard tables of a view that is wedged there, to
 *    rows that are frozen (there a record that overwrites one lands), to members that have crashed.
 *  - A member crashes right after one of its turns, for whatever others do meanwhile happens without it: on the path by
 *    which a state was reached first, each member had its chance after its last turn, and after each jump of the clock.
 *    Its writes stay under way: whoever is told of the crash first loses what has not landed by then, so each link loses
 *    any end of what it carried. (Where a record would be overwritten, it lands or does not.) So a crash in the midst of
 *    a push is among these, too.
 *
 * What is left out and does make one: writes that land in the midst of a turn or only in part, time that passes while
 * anything else can happen, and, unless `pauses` is set, what lands between a turn and the next one that it calls for by itself.
 */
import {
  EndNotes,
  Membership,
  Member,
  Outbox,
  RecordLayout,
  assert,
  rankOfMember,
  type ControlMessage,
  type MemberIdentity,
  type ReplicaSet,
  type View,
} from '@bowecho/core';
import { CheckError } from '../check-error.js';
import type { Fault } from '../faults/fault.js';
import { everywhere, firstView } from '../first-view.js';
import { FoldApplication } from '../fold-application.js';
import { engineOf } from '../member-internals.js';
import type { ObservedDelivery, Observer } from '../observer.js';
import { EPOCH_MICROS } from '../simulated-node.js';
import { WatchedApplication } from '../watched-application.js';
import type { World } from '../world.js';
import { ExploredFabric, Link, Write } from './explored-fabric.js';
import type { Image } from './image.js';
import { add, memberState } from './member-state.js';
import { digitsOf, isOptional, turnsOf, type Menu, type Turns } from './menu.js';
import { Part } from './part.js';
import { StateHash, type Digest64 } from './state-hash.js';
import { ANYBODY, NOBODY, Surroundings, type Exploration } from './surroundings.js';
import { Verdict } from './verdict.js';
import { Visibility } from './visibility.js';

/** Small rings: a state is as large as they are. */
const RING_BYTES = 256;
const QUEUE_BYTES = 1024;
/** The clock of each node is so many microseconds before that of the next one. */
const CLOCK_SKEW = 7;
/** More turns than a group needs to come up. */
const MOST_TURNS_TO_COME_UP = 1000;
/** More than any step calls for. */
const MOST_TURNS_IN_A_ROW = 1000;
/** Of waiting alone, microseconds: whoever takes longer waits for ever. */
const MOST_MICROS = 5_000_000;

/** The state of a group, to go back to. */
export type GroupImage = readonly Image[];

export class ExploredGroup {
  readonly view: View;
  /** As a world says it: nobody joins. */
  readonly capacity: number;
  readonly joining: readonly string[] = [];
  readonly sets: readonly ReplicaSet[];
  readonly members: readonly Member[];
  /**
   * What checkers ask of a world. It is said to have beats, so that they do not take a wait for ever for one that nobody
   * can help.
   */
  readonly suspicionMicros = 1;
  readonly isPatient = true;
  readonly faults: readonly Pick<Fault, 'kind'>[];
  /** The steps taken so far. */
  readonly path: number[] = [];
  private readonly around: Surroundings;
  private readonly fabrics: ExploredFabric[] = [];
  private readonly observers: Observer[] = [];
  private readonly verdict: Verdict;
  /** The members, then what is around them. */
  private readonly parts: readonly Part[];
  private readonly visibility: Visibility;
  private known: Menu | undefined;
  /** What there was to choose from before the last step, where that was a turn of `node`. */
  private before: { readonly menu: Menu; readonly node: number } | undefined;

  /** Brings a group up, in one way, and has it send what is to be sent. */
  constructor(readonly exploration: Exploration) {
    const { nodes, messages, leaves = [], mistakes = 0 } = exploration;
    this.view = firstView(nodes, [everywhere(nodes)]);
    this.sets = this.view.sets;
    this.capacity = nodes;
    this.faults = mistakes > 0 ? [{ kind: 'crash' }, { kind: 'cut' }] : [{ kind: 'crash' }];
    const around = (this.around = new Surroundings(exploration));
    const applications = this.view.members.map(() => new FoldApplication());
    const watched = applications.map((application, node) => this.watch(node, application));
    this.members = watched.map((application, node) => this.createMember(node, application));
    this.visibility = new Visibility(this.members, this.view.members);
    this.members.forEach(member => member.start());
    this.comeUp();
    const digest = (node: number, set: number): number => applications[node]!.digest(set);
    this.verdict = new Verdict(this as unknown as World, digest, mistakes > 0);
    this.observers.push(...this.verdict.checkers);
    for (const node of messages) this.send(node);
    for (const node of leaves) {
      this.members[node]!.leave('it was asked to');
      around.woken[node] = true;
    }
    this.parts = [
      ...this.members.map(
        (member, node) =>
          new Part([member, ...this.fabrics[node]!.mutable], MEMBER_VALUES, () =>
            memberState(member, around.alive[node]!),
          ),
      ),
      new Part([around, applications, watched, this.verdict], GROUP_VALUES, () => this.hashAround()),
    ];
  }

  private createMember(node: number, application: WatchedApplication): Member {
    const { links, alive } = this.around;
    const fabric = new ExploredFabric(node, this.fabrics, links[node]!, target => alive[target]!);
    this.fabrics.push(fabric);
    return new Member({
      view: this.view,
      myRank: node,
      ringBytes: RING_BYTES,
      queueBytes: QUEUE_BYTES,
      suspicionMicros: Infinity,
      ports: { fabric, control: { send: (to, message) => this.post(node, to, message) }, application },
    });
  }

  private watch(node: number, application: FoldApplication): WatchedApplication {
    const watch = {
      beforeDelivery: () => undefined,
      onViewEntered: () => undefined,
      isAlive: true,
      nodeOf: (rank: number) => this.nodeOf(this.members[node]!.view.members[rank]!),
      onDelivery: ({ set, sender, vid, ordinal, time }: ObservedDelivery, hash: number) => {
        const { delivered } = this.around;
        for (const value of [set, sender, vid, ordinal, time, hash]) delivered[node]!.number(value);
      },
    };
    return new WatchedApplication(node, watch, this.observers, application);
  }

  private post(source: number, to: MemberIdentity, message: ControlMessage): boolean {
    const { alive, queues } = this.around;
    const target = this.nodeOf(to);
    if (alive[target]!) queues[source]![target]!.push(message);
    return alive[target]!;
  }

  /** Everything lands and arrives, and all take turns, until nobody has anything to do. */
  private comeUp(): void {
    const { around, members } = this;
    for (let turns = 0; turns < MOST_TURNS_TO_COME_UP; turns++) {
      const node = turns % members.length;
      for (const { [node]: link } of around.links) link!.land(link!.writes.length);
      for (const { [node]: queue } of around.queues)
        for (const message of queue!.splice(0)) members[node]!.receiveControl(message);
      this.run(node);
      const isUp = members.every(({ state }) => state === 'running') && !around.woken.includes(true);
      if (isUp && around.links.flat().every(({ writes }) => writes.length === 0)) return;
    }
    throw this.violation('liveness', 'the group does not come up', this.describeMembers());
  }

  /** Adds someone who watches from now on; not for a group that goes back to states before. */
  observe(observer: Observer): void {
    this.observers.push(observer);
  }

  /** Virtual time, microseconds. */
  get now(): number {
    return this.around.clock;
  }

  isAlive(node: number): boolean {
    return this.around.alive[node]!;
  }

  /** Who lives hears everybody who lives. */
  hears(node: number, other: number): boolean {
    return this.isAlive(node) && this.isAlive(other);
  }

  nodeOf({ id }: MemberIdentity): number {
    return this.view.members.findIndex(member => member.id === id);
  }

  violation(checker: string, sentence: string, lines: readonly string[]): CheckError {
    const path = this.path.join('.');
    const replay = `replayPath(${JSON.stringify(this.exploration)}, '${path}', console.log)`;
    return new CheckError({ checker, seed: 'none', replay, sentence, lines });
  }

  /** A hash of all that decides what can happen from here on, and of what was delivered. */
  get state(): Digest64 {
    const hash = new StateHash();
    for (const part of this.parts) hash.add(part.state);
    return hash.digest;
  }

  save(): GroupImage {
    return this.parts.map(part => part.save());
  }

  /** Goes back to a state that this very group was in, after so many steps. */
  restore(image: GroupImage, depth: number): void {
    this.parts.forEach((part, i) => part.restore(image[i]!));
    this.path.length = depth;
    this.known = undefined;
    this.before = undefined;
  }

  /** How many steps there are to choose from; 0: nothing will ever happen any more. */
  get choices(): number {
    return this.menu.length;
  }

  /** All of them. */
  get steps(): readonly number[] {
    return Array.from({ length: this.choices }, (_, step) => step);
  }

  /**
   * The steps that lead somewhere new: all but the turns that could have come before the last step, which was the turn of another
   * member. Two turns that need nothing of each other lead to the same state in either order, so one order is enough: the one in
   * which the older member goes first. That state is then reached by a step of a younger member, which may be left out
   * in its turn, for one of a still younger one; so in the end it is reached.
   */
  get freshSteps(): readonly number[] {
    const { menu, before, steps } = this;
    if (before === undefined) return steps;
    return steps.filter(step => {
      const turns = turnsOf(menu, step);
      if (turns === undefined || turns.node >= before.node) return true;
      const earlier = before.menu.turns.find(({ node }) => node === turns.node);
      if (earlier === undefined) return true;
      const digits = digitsOf(turns, step);
      return !digits.every((digit, i) => digit < earlier.ways[i]!);
    });
  }

  /** Whether nothing is left that must happen; crashes, mistakes and late messages may. */
  get isQuiet(): boolean {
    return this.menu.isQuiet;
  }

  /** Lets a step happen: 0 to `choices` - 1. */
  take(step: number): void {
    const { menu } = this;
    assert(step >= 0 && step < menu.length, `step ${step} of ${menu.length}`);
    this.path.push(step);
    this.before = undefined;
    this.known = undefined;
    this.parts.at(-1)!.changed();
    const turns = turnsOf(menu, step);
    if (step < menu.crashes.length) this.crash(menu.crashes[step]!);
    else if (turns !== undefined) {
      this.turn(turns, digitsOf(turns, step));
      this.before = { menu, node: turns.node };
    } else this.passTime();
    this.dropUnseen();
  }

  /** A step in words. */
  describe(step: number): string {
    const { menu } = this;
    if (step < menu.crashes.length) return `node ${menu.crashes[step]} crashes`;
    const turns = turnsOf(menu, step);
    if (turns === undefined) return 'time passes';
    const digits = digitsOf(turns, step);
    const { node } = turns;
    const parts = this.others(node).flatMap((other, i) => {
      const [landings, arrivals, news] = digits.slice(3 * i, 3 * i + 3) as [number, number, number];
      const link = this.around.links[other]![node]!;
      const writes = landings === 0 ? 0 : this.visibility.stops(link)[landings - 1]!;
      return [
        writes > 0 ? `${writes} of ${link.writes.length} writes of node ${other} land` : '',
        arrivals > 0 ? `${arrivals} messages of node ${other} arrive` : '',
        news > 0 ? `it hears that node ${other} is lost` : '',
      ];
    });
    const [mistake, message] = digits.slice(-2) as [number, number];
    if (mistake > 0) parts.push(`it takes node ${this.living(node)[mistake - 1]} for lost`);
    if (message > 0) parts.push('it sends a message');
    const before = parts.filter(part => part !== '').join(', ');
    return `node ${node} takes a turn${before === '' ? '' : `; before it, ${before}`}`;
  }

  /** Nothing is left that must happen: checks that everybody is well who can be. */
  checkEnd(): void {
    this.verdict.atRest();
  }

  private describeMembers(): readonly string[] {
    return this.members.map(member => member.describe());
  }

  /** Whoever rests would find nothing to do. Not for a group that is used any more. */
  checkRest(): void {
    const { around, parts } = this;
    const { a, b } = this.state;
    this.members.forEach(({ state }, node) => {
      if (!around.alive[node] || around.woken[node]) return;
      this.run(node);
      for (const part of parts) part.changed();
      const after = this.state;
      if (after.a !== a || after.b !== b)
        throw this.violation(
          'liveness',
          `node ${node}, which is ${state}, rests though it has something to do`,
          [],
        );
    });
  }

  private send(node: number): void {
    const member = this.members[node]!;
    const payload = Uint8Array.of(node, this.around.sent[node]!++);
    const ticket = member.send(0, payload);
    for (const observer of this.observers) observer.onSend(node, 0, ticket, payload, payload.length);
    this.around.woken[node] = true;
  }

  private clockOf(node: number): number {
    return EPOCH_MICROS + this.around.clock + node * CLOCK_SKEW;
  }

  private run(node: number): void {
    const { around, members } = this;
    const member = members[node]!;
    const work = member.doWork(this.clockOf(node));
    around.woken[node] = (work > 0 && hasMoreToDo(member)) || member.nextDeadline <= this.clockOf(node);
    for (const observer of this.observers) observer.onTurn(node, work);
  }

  private crash(node: number): void {
    const { around } = this;
    around.alive[node] = false;
    around.crashesLeft--;
    if (around.mayCrash !== ANYBODY) around.mayCrash = NOBODY;
    for (const { [node]: link } of around.links) link!.writes = [];
    for (const { [node]: queue } of around.queues) queue!.length = 0;
    this.parts[node]!.changed();
    for (const observer of this.observers) observer.onFault(node, 'crashes');
  }

  private passTime(): void {
    const { around, members } = this;
    const waits = members.map((member, node) =>
      around.alive[node] ? member.nextDeadline - this.clockOf(node) : Infinity,
    );
    around.clock += Math.max(0, Math.min(...waits));
    if (around.clock > MOST_MICROS)
      throw this.violation(
        'liveness',
        `after ${MOST_MICROS} us of waiting the group is not at rest`,
        this.describeMembers(),
      );
    members.forEach(({ nextDeadline }, node) => {
      if (around.alive[node] && nextDeadline <= this.clockOf(node)) around.woken[node] = true;
    });
    around.mayCrash = ANYBODY;
  }

  private turn({ node }: Turns, digits: readonly number[]): void {
    const { around, members, view } = this;
    const member = members[node]!;
    const [mistake, message] = digits.slice(-2) as [number, number];
    const mistaken = mistake > 0 ? this.living(node)[mistake - 1] : undefined;
    this.parts[node]!.changed();
    this.others(node).forEach((other, i) => {
      const landings = digits[3 * i]!;
      const link = around.links[other]![node]!;
      if (landings > 0) link.land(this.visibility.stops(link)[landings - 1]!);
    });
    this.others(node).forEach((other, i) => {
      for (const message of around.queues[other]![node]!.splice(0, digits[3 * i + 1]))
        member.receiveControl(message);
    });
    this.others(node).forEach((other, i) => {
      const news = digits[3 * i + 2]!;
      if (news === 0) return;
      around.told[node]![other] = true;
      member.memberLost(view.members[other]!, 'its process is gone');
      if (around.alive[other]) return;
      const link = around.links[other]![node]!;
      around.queues[other]![node]!.length = 0;
      if (news === 1) link.writes = [];
      else link.land(link.writes.length);
    });
    if (mistaken !== undefined) {
      around.mistakesLeft--;
      around.told[node]![mistaken] = true;
      member.memberLost(view.members[mistaken]!, 'it is taken for dead');
    }
    if (message > 0) {
      around.late[node]!--;
      this.send(node);
    }
    this.run(node);
    for (let turns = 1; around.woken[node] && !this.exploration.pauses; turns++) {
      if (turns > MOST_TURNS_IN_A_ROW)
        throw this.violation('liveness', `node ${node} has never done enough`, this.describeMembers());
      this.run(node);
    }
    around.mayCrash = node;
  }

  /** Forgets what nobody will look at. */
  private dropUnseen(): void {
    const { links, queues } = this.around;
    for (const link of links.flat())
      if (link.writes.length > 0 && this.visibility.drop(link)) this.parts[link.target]!.changed();
    this.members.forEach((member, node) => {
      if (engineOf(member).manager.isOver) for (const { [node]: queue } of queues) queue!.length = 0;
    });
  }

  private others(node: number): readonly number[] {
    return this.view.members.map((_, other) => other).filter(other => other !== node);
  }

  /** Whom a member may take for lost though it lives. */
  private living(node: number): readonly number[] {
    return this.others(node).filter(other => this.isAlive(other) && this.mayBeTold(node, other));
  }

  private mayBeTold(node: number, other: number): boolean {
    const member = this.members[node]!;
    const { manager } = engineOf(member);
    return (
      !this.around.told[node]![other] &&
      !manager.isOver &&
      rankOfMember(member.view, this.view.members[other]!) >= 0
    );
  }

  private get menu(): Menu {
    return (this.known ??= this.makeMenu());
  }

  private makeMenu(): Menu {
    const { around, members } = this;
    const all = members.map((_, node) => node).filter(node => around.alive[node]);
    const crashes =
      around.crashesLeft === 0
        ? []
        : all.filter(node => around.mayCrash === ANYBODY || around.mayCrash === node);
    let length = crashes.length;
    const turns: Turns[] = [];
    for (const node of all) {
      const ways = this.waysOf(node);
      const skipped = around.woken[node] ? 0 : 1;
      const count = ways.reduce((product, each) => product * each, 1) - skipped;
      if (count === 0) continue;
      turns.push({ node, first: length, count, ways, skipped });
      length += count;
    }
    const isStill = turns.every(({ ways, skipped }) => skipped === 1 && isOptional(ways));
    const isTime = isStill && all.some(node => members[node]!.nextDeadline < Infinity);
    if (isTime) length++;
    return { crashes, turns, isTime, isQuiet: isStill && !isTime, length };
  }

  private waysOf(node: number): readonly number[] {
    const { around } = this;
    const ways = this.others(node).flatMap(other => {
      const link = around.links[other]![node]!;
      return [
        this.visibility.stops(link).length + 1,
        around.queues[other]![node]!.length + 1,
        this.waysOfNews(node, other, link),
      ];
    });
    const mistakes = around.mistakesLeft > 0 ? this.living(node).length : 0;
    const { state } = this.members[node]!;
    const maySend = around.late[node]! > 0 && state !== 'leaving' && state !== 'left' && state !== 'halted';
    return [...ways, 1 + mistakes, maySend ? 2 : 1];
  }

  /** Not to be told; to be told, and nothing lands any more; where that is not the same, to be told, and all lands. */
  private waysOfNews(node: number, other: number, link: Link): number {
    if (!this.mayBeTold(node, other)) return 1;
    // Who takes a member for lost writes to it no more, and that one will find it silent.
    if (this.isAlive(other)) return this.around.told[other]![node] ? 2 : 1;
    return this.visibility.overwrites(link) ? 3 : 2;
  }

  private hashAround(): Digest64 {
    const { around } = this;
    const hash = new StateHash();
    hash.number(around.clock);
    for (const value of [around.alive, around.woken, around.told, around.sent, around.late]) add(hash, value);
    hash.word(around.crashesLeft);
    hash.word(around.mistakesLeft);
    for (const delivered of around.delivered) hash.add(delivered.digest);
    for (const queue of around.queues.flat()) add(hash, queue);
    for (const link of around.links.flat()) this.hashLink(hash, link);
    return hash.digest;
  }

  private hashLink(hash: StateHash, link: Link): void {
    hash.word(link.writes.length);
    for (const write of link.writes) {
      hash.word(write.remote.index);
      hash.word(write.at);
      const block = this.visibility.counterBlock(link, write);
      const { bytes } = write;
      if (block === undefined) for (const byte of bytes) hash.word(byte);
      else new Float64Array(bytes.buffer).subarray(1, block.endNumber).forEach(cell => hash.number(cell));
    }
  }
}

/**
 * Whether a turn would do anything though nothing arrives. Drivers give a member one more turn after each that did
 * something; where that finds nothing it is as if it had not come.
 */
function hasMoreToDo(member: Member): boolean {
  const { manager, multicasts } = engineOf(member);
  const isBusy = manager.isActive && multicasts.some(multicast => multicast?.isBusy);
  return isBusy || (manager['isDraining'] as boolean);
}

/** Kept by reference in images: what is never changed, or empty between turns, and what belongs to another part. */
const MEMBER_VALUES: ReadonlySet<unknown> = new Set<unknown>([
  Membership,
  Outbox,
  EndNotes,
  RecordLayout,
  Link,
  ExploredFabric,
]);
const GROUP_VALUES: ReadonlySet<unknown> = new Set<unknown>([ExploredGroup, Member, ExploredFabric, Write]);
