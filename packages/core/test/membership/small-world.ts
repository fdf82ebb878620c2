/**
 * A small world for members: real ones, over a fabric and a control channel that fit here, in virtual time. What is pushed lands in
 * order per link, when the world lets it; a process that is killed takes no more turns, and those connected to it are told.
 *
 * It is no simulator (that is @bowecho/testing, which core cannot use): nothing here is random, and no write is torn.
 */
import { expect } from 'chai';
import {
  CAPTURED,
  EVENT_PEER_FAILED,
  Member,
  PUSH_FLAGS,
  PUSH_LENGTH,
  PUSH_LOCAL_OFFSET,
  PUSH_PEER,
  PUSH_REMOTE_OFFSET,
  PUSH_STRIDE,
  TAKES_NONE,
  foundingView,
  rankOfMember,
  type Application,
  type ControlMessage,
  type DeliveryMode,
  type Fabric,
  type MemberIdentity,
  type MemberOptions,
  type MembershipEnd,
  type Peer,
  type PlacedSubgroup,
  type Region,
  type StateChange,
  type TakesBranch,
  type View,
} from '@bowecho/core';

export const SUSPICION = 2_000_000;
const START = 1_000_000_000_000;

/** By region key: whose memory it is. */
interface Memory {
  readonly owner: Node;
  readonly bytes: Uint8Array;
  isOpen: boolean;
}

/** One process: a member with its fabric and all that its application heard. */
export class Node implements Fabric, Application {
  readonly address: Uint8Array;
  member!: Member;
  isAlive = true;
  /** By message: text, from whom, and in which view. */
  readonly delivered: string[] = [];
  /** All that it was told, in order, deliveries between them. */
  readonly heard: string[] = [];
  readonly changes: StateChange[] = [];
  readonly ends: MembershipEnd[] = [];
  readonly times: number[] = [];
  /** Per state that it was in: what it said that it waits for. */
  readonly waits = new Map<string, Set<string>>();
  private readonly failures: number[] = [];
  private readonly ways: ({ readonly target: Memory; readonly local: Uint8Array } | undefined)[] = [];

  /** Those who learn from this one and are to be let in. */
  readonly learners: Node[] = [];

  /** @param rank its place among the nodes of the world; of founders also the rank in the first view */
  constructor(
    readonly world: World,
    readonly rank: number,
    readonly identity: MemberIdentity,
  ) {
    this.address = Uint8Array.of(rank);
  }

  get id(): string {
    return this.identity.id;
  }

  register(bytes: number): Region {
    const memory: Memory = { owner: this, bytes: new Uint8Array(bytes), isOpen: true };
    const key = Uint8Array.of(this.world.memories.push(memory) - 1);
    const close = (): void => void (memory.isOpen = false);
    return { memory: memory.bytes.buffer as ArrayBuffer, key, close };
  }

  connect(address: Uint8Array, key: Uint8Array, local: Region): Peer {
    const target = this.world.memories[key[0]!]!;
    expect(target.owner.address).to.deep.equal(address);
    return { index: this.ways.push({ target, local: new Uint8Array(local.memory) }) - 1 };
  }

  disconnect({ index }: Peer): void {
    this.ways[index] = undefined;
  }

  push(batch: Int32Array, count: number): number {
    for (let at = 0; at < count * PUSH_STRIDE; at += PUSH_STRIDE) {
      const way = this.ways[batch[at + PUSH_PEER]!];
      if (way === undefined) continue;
      const from = batch[at + PUSH_LOCAL_OFFSET]!;
      const span = way.local.subarray(from, from + batch[at + PUSH_LENGTH]!);
      const isCaptured = (batch[at + PUSH_FLAGS]! & CAPTURED) !== 0;
      const bytes = isCaptured ? span.slice() : span;
      this.world.post(this, way.target, batch[at + PUSH_REMOTE_OFFSET]!, bytes);
    }
    return count;
  }

  poll(): number {
    return 0;
  }

  drain(events: Int32Array): number {
    this.failures.forEach((peer, i) => events.set([EVENT_PEER_FAILED, peer], 2 * i));
    return this.failures.splice(0).length;
  }

  arm(): boolean {
    return true;
  }

  yieldProcessor(): void {}

  close(onClosed: () => void): void {
    onClosed();
  }

  /** The fabric of this node notices that another one is gone. */
  notices(gone: Node): void {
    this.ways.forEach((way, peer) => {
      if (way?.target.owner === gone) this.failures.push(peer);
    });
  }

  deliver({
    memory,
    offset,
    length,
    vid,
    sender,
    isMine,
    time,
  }: Parameters<Application['deliver']>[0]): void {
    const text = String.fromCharCode(...memory.subarray(offset, offset + length));
    expect(vid).to.equal(this.member.view.vid);
    expect(isMine).to.equal(sender === this.member.myRank);
    expect(text.startsWith(this.member.view.members[sender]!.id), text).to.equal(true);
    this.delivered.push(text);
    this.heard.push(text);
    this.times.push(time);
  }

  onViewEntered(view: View): void {
    expect(view).to.equal(this.member.view);
    this.heard.push(`enters ${describeView(view)}`);
    for (const learner of this.learners.splice(0)) this.world.teach(learner, this);
  }

  onViewInstalled(view: View): void {
    this.heard.push(`runs ${describeView(view)}`);
  }

  onEnded(end: MembershipEnd): void {
    this.ends.push(end);
    this.heard.push('ended');
  }

  onStateChanged(change: StateChange): void {
    this.changes.push(change);
  }

  onMessage(from: MemberIdentity, bytes: Uint8Array): void {
    this.heard.push(`${from.id} says ${String.fromCharCode(...bytes)} in view ${this.member.view.vid}`);
  }

  onHalted(error: unknown): void {
    throw error;
  }

  /** Sends that text, behind its own name. */
  send(text: string): number {
    return this.member.send(
      0,
      Uint8Array.from(`${this.id} ${text}`, character => character.charCodeAt(0)),
    );
  }

  /** Whether it is in the group, or was. */
  get isMember(): boolean {
    return (this.member as Member | undefined) !== undefined;
  }

  get states(): readonly string[] {
    return this.changes.map(({ to }) => to);
  }

  turn(now: number): void {
    if (!this.isAlive || !this.isMember) return;
    if (this.member.doWork(now) > 0 || this.member.nextDeadline <= now) this.world.isBusy = true;
    const { state } = this.member;
    const waits = this.waits.get(state) ?? new Set();
    for (const what of this.member.waitingFor()) waits.add(what);
    this.waits.set(state, waits);
  }
}

export function describeView({ vid, members }: View): string {
  return `${vid}: ${members.map(({ id }) => id).join()}`;
}

interface Write {
  readonly target: Memory;
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Processes, what is under way between them, and the time. */
export class World {
  readonly members: readonly MemberIdentity[];
  readonly memories: Memory[] = [];
  readonly nodes: Node[];
  now = START;
  /** Whether something was done in the last round, or asked for, that may call for another one. */
  isBusy = true;
  /** By source, then target. */
  private readonly links: Write[][][];
  /** Links that hold back what is posted, as `from>to`. */
  private readonly held = new Set<string>();
  private letters: { readonly target: Node; readonly message: ControlMessage }[] = [];
  /** Whether the control channel is slow. */
  isMailHeld = false;
  /** Which rare branches members take. */
  takes: TakesBranch = TAKES_NONE;
  /** Who gets nothing over the control channel any more. */
  readonly deaf = new Set<Node>();

  /** @param placed what there is beside the set that all of them replicate, which is the first */
  constructor(size: number, mode: DeliveryMode = 'ordered', placed: readonly PlacedSubgroup[] = []) {
    this.members = Array.from({ length: size }, (_, rank) => ({ id: `n${rank}`, incarnation: 1 }));
    const ranks = this.members.map((_, rank) => rank);
    const shards = [{ replicas: ranks, senders: ranks }];
    const log: PlacedSubgroup = { name: 'log', mode, shards, maxReplicas: 64 };
    const view = foundingView(this.members, [log, ...placed]);
    this.links = ranks.map(() => ranks.map(() => []));
    this.nodes = ranks.map(rank => new Node(this, rank, this.members[rank]!));
    for (const node of this.nodes) node.member = this.makeMember(node, { view, myRank: node.rank });
    for (const { member } of this.nodes) member.start();
    this.settle();
    for (const node of this.nodes) {
      expect(node.member.state).to.equal('running');
      expect(node.heard.splice(0)).to.deep.equal([`runs 0: ${this.members.map(({ id }) => id).join()}`]);
      node.changes.length = 0;
      node.waits.clear();
    }
  }

  private makeMember(node: Node, start: Pick<MemberOptions, 'view' | 'myRank' | 'shared'>): Member {
    return new Member({
      ...start,
      ringBytes: 1024,
      queueBytes: 1 << 16,
      suspicionMicros: SUSPICION,
      takes: branch => this.takes(branch),
      ports: {
        fabric: node,
        application: node,
        control: { send: (to, message) => this.mail(to, message) },
      },
    });
  }

  /** A process that wants to join; `teacher` is to let it in. */
  join(identity: MemberIdentity, teacher: Node): Node {
    const node = new Node(this, this.nodes.length, identity);
    this.nodes.push(node);
    for (const links of this.links) links.push([]);
    this.links.push(this.nodes.map(() => []));
    teacher.learners.push(node);
    expect(teacher.member.admit(identity)).to.equal(undefined);
    this.isBusy = true;
    return node;
  }

  /** What is delivered up to the end of a view is learned from who was in it, and who is in the next one begins with that. */
  teach(learner: Node, teacher: Node): void {
    if (!learner.isAlive) return;
    const { view } = teacher.member;
    const myRank = rankOfMember(view, learner.identity);
    if (myRank < 0) {
      teacher.learners.push(learner);
      return;
    }
    learner.delivered.push(...teacher.delivered);
    learner.times.push(...teacher.times);
    learner.heard.push(...teacher.heard);
    const shared = view.sets.map(({ index, replicas }) =>
      replicas.includes(teacher.member.myRank) ? teacher.member.sharedOf(index) : undefined,
    );
    learner.member = this.makeMember(learner, { view, myRank, shared });
    learner.member.start();
  }

  private mail(to: MemberIdentity, message: ControlMessage): boolean {
    const target = this.nodes.find(
      ({ identity: { id, incarnation } }) => id === to.id && incarnation === to.incarnation,
    );
    expect(target, `${to.id} is a member`).not.to.equal(undefined);
    if (!target!.isAlive) return false;
    if (this.deaf.has(target!)) return true;
    this.letters.push({ target: target!, message });
    return true;
  }

  post(from: Node, target: Memory, at: number, bytes: Uint8Array): void {
    this.links[from.rank]![target.owner.rank]!.push({ target, at, bytes });
  }

  hold(from: Node, to: Node): void {
    this.held.add(`${from.rank}>${to.rank}`);
  }

  release(): void {
    this.held.clear();
  }

  /** What was posted before lands, unless it is held back. Borrowed bytes are read as late as that. */
  land(): void {
    this.links.forEach((links, from) =>
      links.forEach((writes, to) => {
        if (this.held.has(`${from}>${to}`)) return;
        for (const { target, at, bytes } of writes.splice(0)) {
          if (target.isOpen) target.bytes.set(bytes, at);
          this.isBusy = true;
        }
      }),
    );
    if (this.isMailHeld) return;
    const letters = this.letters;
    this.letters = letters.filter(({ target }) => target.isAlive && !target.isMember);
    for (const { target, message } of letters) {
      if (!target.isAlive || !target.isMember) continue;
      target.member.receiveControl(message);
      this.isBusy = true;
    }
  }

  /** One turn of everybody; what they write lands after it. */
  round(): void {
    this.now += 10;
    this.isBusy = false;
    for (const node of this.nodes) node.turn(this.now);
    this.land();
  }

  /** So many rounds: some are enough for all that is to be done at once. */
  settle(rounds = 60): void {
    for (let i = 0; i < rounds; i++) this.round();
  }

  /** Turns until nothing is done and nothing is under way. */
  private rest(): void {
    for (let rounds = 0; this.isBusy; rounds++) {
      expect(rounds, 'rounds without a rest').to.be.below(300);
      this.round();
    }
  }

  /** Time goes on until then, from deadline to deadline. */
  runFor(micros: number): void {
    const end = this.now + micros;
    this.isBusy = true;
    for (let turns = 0; this.now < end; turns++) {
      expect(turns, 'turns').to.be.below(10_000);
      this.rest();
      const alive = this.nodes.filter(({ isAlive, isMember }) => isAlive && isMember);
      const next = Math.min(...alive.map(({ member }) => member.nextDeadline));
      expect(next, 'nobody asks for a turn at once when there is nothing to do').to.be.above(this.now);
      this.now = Math.max(this.now, Math.min(next, end));
      this.isBusy = true;
    }
  }

  /**
   * A process ends.
   *
   * @param share how much of what it had under way on each link still lands, held back or not
   */
  kill(node: Node, share = 1): void {
    node.isAlive = false;
    for (const writes of this.links[node.rank]!) writes.length = Math.floor(writes.length * share);
    for (const other of this.nodes) other.notices(node);
  }

  get alive(): readonly Node[] {
    return this.nodes.filter(({ isAlive }) => isAlive);
  }

  close(): void {
    for (const { member, isMember } of this.nodes) if (isMember) member.close();
  }
}

/** All that go on, in one view, with the same deliveries and at the same places of them the same views. */
export function expectOneGroup(nodes: readonly Node[], vid: number): void {
  const [first] = nodes as [Node];
  for (const node of nodes) {
    expect(node.member.state, node.id).to.equal('running');
    expect(node.member.waitingFor()).to.deep.equal([]);
    expect(describeView(node.member.view)).to.equal(`${vid}: ${nodes.map(({ id }) => id).join()}`);
    expect(node.member.myRank).to.equal(nodes.indexOf(node));
    expect(node.delivered).to.deep.equal(first.delivered);
    expect(node.times).to.deep.equal(first.times);
    const isPlace = (text: string): boolean => !/^runs| says /.test(text);
    expect(node.heard.filter(isPlace)).to.deep.equal(first.heard.filter(isPlace));
  }
  first.times.slice(1).forEach((time, i) => expect(time).to.be.above(first.times[i]!));
}

/** The states of a survivor in a view change. */
export const CHANGE = ['wedged', 'trimming', 'connecting', 'installing', 'running'];

/** A member that was cut off has said so once, in these words, and claims to know nothing of what the others do. */
export function expectCutOff(ends: readonly MembershipEnd[], words: RegExp): void {
  expect(ends).to.have.lengthOf(1);
  expect(ends[0]!.reason).to.match(words);
  expect(ends[0]).to.deep.include({ isLeave: false, executedElsewhere: [undefined] });
}
