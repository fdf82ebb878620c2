/**
 * FreshReads (C9, C11): a linearizable read is answered by a replica that has delivered whatever had completed anywhere when the read
 * began: each message that its sender had delivered itself, for then its caller has been answered. Whoever was left out and does not
 * know it would miss some.
 */
import type { ObservedDelivery } from '../observer.js';
import type { Teachers } from '../simulated-joins.js';
import type { World } from '../world.js';
import { Checker } from './checker.js';

export class FreshReads extends Checker {
  override readonly name = 'fresh-reads';
  private readonly nodes: number;
  /** By set, replica and sender: messages delivered. */
  private readonly delivered: Float64Array;
  /** By read: for each sender, how many of its messages had completed when it began. */
  private readonly needed = new Map<number, Float64Array>();

  constructor(world: World) {
    super(world);
    this.nodes = world.capacity;
    this.delivered = new Float64Array(world.sets.length * this.nodes ** 2);
  }

  override onDelivery(node: number, { set, sender }: ObservedDelivery): void {
    this.deliveredBy(set, node)[sender]!++;
  }

  override onJoined(node: number, teachers: Teachers): void {
    teachers.forEach((teacher, set) => {
      if (teacher !== undefined) this.deliveredBy(set, node).set(this.deliveredBy(set, teacher));
    });
  }

  override onReadBegun(_node: number, set: number, id: number): void {
    const completed = new Float64Array(this.nodes);
    for (let sender = 0; sender < this.nodes; sender++)
      completed[sender] = this.deliveredBy(set, sender)[sender]!;
    this.needed.set(id, completed);
  }

  override onReadAnswered(node: number, set: number, id: number): void {
    const needed = this.needed.get(id)!;
    this.needed.delete(id);
    const has = this.deliveredBy(set, node);
    const missing = needed.findIndex((count, sender) => has[sender]! < count);
    if (missing < 0) return;
    const { view, state } = this.world.members[node]!;
    this.fail(`node ${node} answers a read of set ${set} without what had completed when it began`, [
      `node ${missing} had been answered ${needed[missing]} of its messages then; the replica has ${has[missing]} of them`,
      `node ${node} is in view ${view.vid} (${state})`,
    ]);
  }

  private deliveredBy(set: number, node: number): Float64Array {
    const at = (set * this.nodes + node) * this.nodes;
    return this.delivered.subarray(at, at + this.nodes);
  }
}
