/**
 * WithinLimits (C13): what a member holds does not grow with time. It keeps no more views that it has left behind than
 * members came and went, for in each of them one did; memory is registered for those views and its own alone; and what
 * waits for room in a ring is what may wait, and what an earlier ring left over. Once all rests, who runs keeps its own
 * view and nothing else.
 */
import { engineOf, formerViews, queuedBytes } from '../member-internals.js';
import { Checker } from './checker.js';

/** Messages of a ring count more where they wait: 64 bytes each beside their own, and the smallest takes 16 in a ring. */
const QUEUED_RING = 5;

export class WithinLimits extends Checker {
  override readonly name = 'within-limits';

  override onTurn(node: number): void {
    const { world } = this;
    const member = world.members[node]!;
    const former = formerViews(member);
    if (former >= 2 * world.capacity)
      this.fail(`node ${node} keeps ${former} views that it has left behind`, []);
    const { multicasts } = engineOf(member);
    const tables = 1 + multicasts.length;
    const regions = world.openRegions(node);
    if (regions > tables * (former + 1))
      this.fail(
        `node ${node} has ${regions} regions registered, for ${former + 1} views of at most ${tables} tables`,
        [],
      );
    const most = world.queueBytes + QUEUED_RING * world.ringBytes;
    for (const multicast of multicasts) {
      const bytes = multicast === undefined ? 0 : queuedBytes(multicast);
      if (bytes > most)
        this.fail(`at node ${node} ${bytes} bytes wait for room in a ring, of at most ${most}`, []);
    }
  }

  override onQuiet(): void {
    this.world.members.forEach((member, node) => {
      const former = formerViews(member);
      if (this.world.isAlive(node) && member.state === 'running' && former > 0)
        this.fail(`node ${node} runs view ${member.view.vid} and still keeps ${former} before it`, []);
    });
  }
}
