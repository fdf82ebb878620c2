/**
 * Chronicle tells a run of a world in few lines: what broke, every step of membership with its reason, every view, and
 * how much was delivered in between. It leaves out turns and single messages, so that a scenario fits on a page and can
 * be kept as text.
 */
import type { MembershipEnd, StateChange, View } from '@bowecho/core';
import { Observer, type ObservedDelivery, type World } from '@bowecho/testing';

/** Before that the group comes up, as in all of them: microseconds. */
const BEGIN_MICROS = 25_000;

export class Chronicle extends Observer {
  readonly lines: string[] = [];
  /** By node: deliveries that are not told yet. */
  private readonly untold: { count: number; vid: number; leftover: number }[];

  constructor(private readonly world: World) {
    super();
    this.untold = world.members.map(() => ({ count: 0, vid: 0, leftover: 0 }));
  }

  override onDelivery(node: number, { vid }: ObservedDelivery): void {
    const untold = this.untold[node]!;
    if (untold.vid !== vid) this.tellDeliveries(node);
    untold.vid = vid;
    untold.count++;
  }

  override onStateChanged(node: number, { from, to, reason }: StateChange): void {
    this.line(node, `${from} -> ${to}: ${reason}`);
  }

  override onViewEntered(node: number, view: View): void {
    this.line(node, `view ${view.vid}: ${view.members.map(({ id }) => id).join(', ')}`);
  }

  override onEnded(node: number, { isLeave, executedElsewhere }: MembershipEnd): void {
    const known = executedElsewhere
      .map(count => (count === undefined ? 'unknown' : `${count} more`))
      .join(', ');
    this.line(
      node,
      `${isLeave ? 'has left' : 'is out'}; of its messages the others deliver, by set: ${known}`,
    );
  }

  override onFault(node: number, sentence: string): void {
    this.line(node, `# ${sentence}`);
  }

  override onHalted(node: number, error: unknown): void {
    this.line(node, `! ${String(error)}`);
  }

  /** The whole story, with how it ended. */
  text(title: string): string {
    const { world } = this;
    const last = world.members.map((member, node) => {
      this.tellDeliveries(node);
      const what = world.isAlive(node) ? `${member.state} in view ${member.view.vid}` : 'dead';
      const waiting = world.isAlive(node) ? member.waitingFor() : [];
      const waits = waiting.length === 0 ? '' : `; it waits for ${waiting.join(', ')}`;
      return `n${node} is ${what}, and has delivered ${world.history(node).length} messages${waits}`;
    });
    return [title, '', ...this.lines, '', ...last, ''].join('\n');
  }

  private tellDeliveries(node: number): void {
    const untold = this.untold[node]!;
    const { count, vid } = untold;
    untold.count = 0;
    if (count > 0)
      this.line(node, `delivers ${count} ${count === 1 ? 'message' : 'messages'} of view ${vid}`);
  }

  private line(node: number, what: string): void {
    if (this.untold[node]!.count > 0 && !what.startsWith('delivers')) this.tellDeliveries(node);
    if (this.world.now < BEGIN_MICROS) return;
    this.lines.push(`${(this.world.now / 1000).toFixed(2).padStart(8)} ms  n${node}  ${what}`);
  }
}
