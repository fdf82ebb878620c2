/**
 * A small random model of the ordered multicast and its ragged trim, made of nothing but core's pure functions. It says
 * why all-member stability gives a total order (docs/protocol.md, section 3), apart from rings, tables and the engine.
 *
 * Two to five members, all of them senders. A turn goes snapshot, receive, deliver, publish, and then writes its row to
 * each other member over a link of its own: the new frames first, each a write, then its counters, one cell at a time and
 * in any order, since inside one write no order may be assumed. Links are in order and take any time; writes land between
 * any two reads. A member may die between any two writes, and what it had under way may be lost from any point on. In
 * the end the survivors wedge, the trim is the minimum of what they hold, and they deliver up to it.
 *
 * Each flag of `Rules` turns off one rule that the protocol rests on; the tests show that each of them is needed.
 */
import { nextRound, observeRound, precedes, raggedTrim, stableCount } from '@bowecho/core';
import { Dice } from './dice.js';

export interface Rules {
  /** Receiving a frame raises the clock. */
  readonly clockRule: boolean;
  /** A turn receives before it publishes. */
  readonly receiveFirst: boolean;
  /** A reader takes acknowledgements before tails. */
  readonly acknowledgementsFirst: boolean;
  /** A frame is delivered when everybody has acknowledged it. */
  readonly waitForStable: boolean;
  /** The trim is the minimum over the survivors, not the maximum. */
  readonly trimByMinimum: boolean;
}

export const PROTOCOL_RULES: Rules = {
  clockRule: true,
  receiveFirst: true,
  acknowledgementsFirst: true,
  waitForStable: true,
  trimByMinimum: true,
};

/** A write of one cell under way: a frame's round, a tail, or the acknowledgement of one sender's frames. */
interface Write {
  readonly kind: 'frame' | 'tail' | 'received';
  readonly sender: number;
  readonly value: number;
}

/** A member: its memory (a row per member, written by others at any time), its snapshot of it, its own state. */
class Member {
  isAlive = true;
  clock = 0;
  /** Messages that wait for the publish step. */
  queued = 0;
  /** By sender: rounds of the frames in my copy of its ring. My own are in it as well. */
  readonly rounds: number[][];
  /** By row. */
  readonly tails: number[];
  readonly received: number[][];
  readonly seenTails: number[];
  readonly seenReceived: number[][];
  /** By sender: frames handed out. */
  readonly delivered: number[];
  /** What was delivered, in order: sender and index of each frame. */
  readonly history: { readonly sender: number; readonly index: number }[] = [];

  constructor(
    readonly rank: number,
    size: number,
  ) {
    const zeros = () => new Array<number>(size).fill(0);
    this.rounds = Array.from({ length: size }, () => []);
    this.tails = zeros();
    this.received = Array.from({ length: size }, zeros);
    this.seenTails = zeros();
    this.seenReceived = Array.from({ length: size }, zeros);
    this.delivered = zeros();
  }

  deliver(sender: number): void {
    this.history.push({ sender, index: this.delivered[sender]!++ });
  }

  land({ kind, sender, value }: Write, row: number): void {
    if (kind === 'frame') this.rounds[row]!.push(value);
    else if (kind === 'tail') this.tails[row] = value;
    else this.received[row]![sender] = value;
  }
}

export class OrderingModel {
  private readonly members: Member[];
  /** By source, then target: writes under way. */
  private readonly links: Write[][][];
  private readonly dice: Dice;
  private crashes = 0;

  /** @param log hears of each step, for replays */
  constructor(
    seed: number,
    private readonly rules: Rules,
    private readonly log?: (line: string) => void,
  ) {
    this.dice = new Dice(seed);
    const size = 2 + this.dice.below(4);
    this.members = Array.from({ length: size }, (_, rank) => new Member(rank, size));
    this.links = this.members.map(() => this.members.map(() => []));
  }

  /** Runs to the end. Returns what went wrong, or undefined. */
  run(): string | undefined {
    const steps = 40 + this.dice.below(120);
    const mayCrash = this.dice.below(4) > 0;
    for (let step = 0; step < steps; step++) {
      const roll = this.dice.below(100);
      const member = this.members[this.dice.below(this.members.length)]!;
      if (roll < 50) this.landSomething(member);
      else if (!member.isAlive) continue;
      else if (roll < 85) this.turn(member, false);
      else if (roll < 98 || !mayCrash) member.queued += 1 + this.dice.below(3);
      else if (this.survivors().length > 1) this.turn(member, true);
    }
    if (this.crashes === 0 && this.dice.below(2) === 0) {
      const stuck = this.runUntilQuiet();
      if (stuck !== undefined) return stuck;
    }
    this.trim();
    return this.check();
  }

  private survivors(): readonly Member[] {
    return this.members.filter(member => member.isAlive);
  }

  /** Lands the oldest write of a link to `target`, if there is one. */
  private landSomething(target: Member, source = this.dice.below(this.members.length)): boolean {
    const write = this.links[source]![target.rank]!.shift();
    if (write === undefined) return false;
    target.land(write, source);
    this.log?.(`${source} -> ${target.rank}: ${write.kind} ${write.sender} ${write.value}`);
    return true;
  }

  /** Between two reads anything may land, whole turns of another member too. */
  private leak(member: Member): void {
    if (this.dice.below(6) > 0) return;
    const source = this.dice.below(this.members.length);
    for (let left = this.dice.below(16); left > 0 && this.landSomething(member, source);) left--;
  }

  private turn(member: Member, dies: boolean): void {
    this.snapshot(member);
    const writes: Write[] = [];
    if (this.rules.receiveFirst) {
      this.receive(member);
      this.deliver(member);
      this.publish(member, writes);
    } else {
      this.publish(member, writes);
      this.receive(member);
      this.deliver(member);
    }
    this.log?.(`${member.rank}: turn, clock ${member.clock}, delivered ${member.history.length}`);
    this.post(member, writes, dies);
  }

  private snapshot(member: Member): void {
    const { rank, tails, received, seenTails, seenReceived } = member;
    const readTail = (row: number): void => {
      this.leak(member);
      seenTails[row] = tails[row]!;
    };
    for (let row = 0; row < tails.length; row++) {
      if (row === rank) continue;
      if (!this.rules.acknowledgementsFirst) readTail(row);
      for (let sender = 0; sender < tails.length; sender++) {
        this.leak(member);
        seenReceived[row]![sender] = received[row]![sender]!;
      }
      if (this.rules.acknowledgementsFirst) readTail(row);
    }
  }

  /** Takes the frames below the tails seen, and acknowledges them. */
  private receive(member: Member): void {
    const { rank, seenTails, seenReceived, rounds } = member;
    const mine = seenReceived[rank]!;
    for (let sender = 0; sender < mine.length; sender++) {
      if (sender === rank) continue;
      const tail = seenTails[sender]!;
      if (tail === mine[sender]) continue;
      mine[sender] = tail;
      if (this.rules.clockRule) member.clock = observeRound(member.clock, rounds[sender]![tail - 1]!);
    }
  }

  private deliver(member: Member): void {
    const { rank, seenReceived } = member;
    const stable = seenReceived[rank]!.map((mine, sender) =>
      this.rules.waitForStable ? stableCount(seenReceived.map(row => row[sender]!)) : mine,
    );
    for (let first = this.firstBelow(member, seenReceived[rank]!); first >= 0;) {
      if (member.delivered[first]! >= stable[first]!) break;
      member.deliver(first);
      first = this.firstBelow(member, seenReceived[rank]!);
    }
  }

  /** The sender of the undelivered frame below `limits` that comes first, or -1. */
  private firstBelow({ rounds, delivered }: Member, limits: readonly number[]): number {
    let first = -1;
    let round = Infinity;
    for (let sender = 0; sender < limits.length; sender++) {
      if (delivered[sender]! >= limits[sender]!) continue;
      const head = rounds[sender]![delivered[sender]!] ?? Infinity;
      if (!precedes(head, sender, round, first)) continue;
      first = sender;
      round = head;
    }
    return first;
  }

  /** All that is queued becomes one batch with one round. */
  private publish(member: Member, writes: Write[]): void {
    const { rank, seenTails, seenReceived, rounds } = member;
    if (member.queued === 0) return;
    member.clock = nextRound(member.clock);
    for (; member.queued > 0; member.queued--) {
      rounds[rank]!.push(member.clock);
      writes.push({ kind: 'frame', sender: rank, value: member.clock });
    }
    seenTails[rank] = rounds[rank]!.length;
    seenReceived[rank]![rank] = rounds[rank]!.length;
  }

  /** Writes the row to everybody else; who dies does so before one of these writes. */
  private post(member: Member, frames: readonly Write[], dies: boolean): void {
    const { rank, seenTails, seenReceived } = member;
    const cells: Write[] = seenReceived[rank]!.map((value, sender) => ({ kind: 'received', sender, value }));
    cells.push({ kind: 'tail', sender: rank, value: seenTails[rank]! });
    const posts = (this.members.length - 1) * (frames.length + cells.length);
    let left = dies ? this.dice.below(posts + 1) : posts;
    for (const target of this.members) {
      if (target === member) continue;
      const link = this.links[rank]![target.rank]!;
      this.dice.shuffle(cells);
      for (const write of [...frames, ...cells]) if (left-- > 0) link.push(write);
      if (dies) link.length = this.dice.below(link.length + 1);
    }
    if (!dies) return;
    member.isAlive = false;
    this.crashes++;
    this.log?.(`${rank}: dies`);
  }

  /** With nobody dead: lets all land and everybody take turns, until everybody must have delivered everything. */
  private runUntilQuiet(): string | undefined {
    for (let round = 0; round < 6; round++) {
      for (const member of this.members) {
        for (const links of this.links) {
          while (links[member.rank]!.length > 0) this.landSomething(member);
        }
        this.turn(member, false);
      }
    }
    const sent = this.members.reduce((sum, { rounds, rank }) => sum + rounds[rank]!.length, 0);
    for (const { rank, history } of this.members) {
      if (history.length !== sent)
        return `${rank} delivered ${history.length} of ${sent} frames though nobody died`;
    }
    return undefined;
  }

  /** The end of the view: nobody receives any more; everybody who lives delivers up to the trim. */
  private trim(): void {
    const rows = this.members.map(({ rank, seenReceived }) => seenReceived[rank]!);
    const kept = this.survivors().map(({ rank }) => rank);
    const limits = this.rules.trimByMinimum
      ? raggedTrim(rows, kept)
      : rows.map((_, sender) => Math.max(...kept.map(rank => rows[rank]![sender]!)));
    this.log?.(`trim ${limits.join()} over ${kept.join()}`);
    for (const member of this.survivors()) {
      for (let first = this.firstBelow(member, limits); first >= 0; first = this.firstBelow(member, limits)) {
        member.deliver(first);
      }
    }
  }

  private check(): string | undefined {
    const standard = this.survivors()[0]!;
    for (const { rank, isAlive, history } of this.members) {
      for (let i = 0; i < history.length; i++) {
        const mine = history[i]!;
        const theirs = standard.history[i];
        if (theirs === undefined)
          return `${rank} delivered ${history.length} frames, survivor ${standard.rank} only ${i}`;
        if (mine.sender !== theirs.sender || mine.index !== theirs.index) {
          return (
            `as its ${i}th, ${rank} delivered frame ${mine.index} of ${mine.sender}, ` +
            `and ${standard.rank} frame ${theirs.index} of ${theirs.sender}`
          );
        }
      }
      if (isAlive && history.length !== standard.history.length) {
        return `survivors ${rank} and ${standard.rank} delivered ${history.length} and ${standard.history.length} frames`;
      }
    }
    return this.checkFifo(standard);
  }

  /** Holds by construction of `deliver`, unless something was delivered that was never sent. */
  private checkFifo({ rank, history }: Member): string | undefined {
    const next = this.members.map(() => 0);
    for (const { sender, index } of history) {
      if (index !== next[sender]!) return `${rank} delivered frame ${index} of ${sender} out of its order`;
      if (index >= this.members[sender]!.rounds[sender]!.length)
        return `${sender} never sent a frame ${index}`;
      next[sender] = index + 1;
    }
    return undefined;
  }
}
