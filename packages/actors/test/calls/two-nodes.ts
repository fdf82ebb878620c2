/**
 * Two members on the in-process fabric that move only when a test says so, on a clock that only a test sets: so a call can
 * be caught at any stage of its way.
 */
import { ActorNode, InProcessNetwork, definitionOf, refClassOf, subgroupSpecOf } from '@bowecho/actors';
import type { ActorClass, NodeEvents, Ref } from '@bowecho/actors';
import { layoutSubgroups, type ControlMessage } from '@bowecho/core';

const SILENT = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

export class TwoNodes {
  readonly nodes: readonly ActorNode[];
  readonly deadLetters: Error[] = [];
  /** Microseconds. */
  now = 1_000_000;
  /** While it is set, nobody has a way to anybody beside the fabric. */
  isCut = false;
  private readonly mail: (() => void)[] = [];

  constructor(actor: ActorClass, sizes: { readonly ringBytes?: number; readonly queueBytes?: number } = {}) {
    const definitions = [definitionOf(actor)];
    const members = [0, 1].map(rank => ({ id: `n${rank}`, incarnation: rank + 1 }));
    const layout = layoutSubgroups(definitions.map(subgroupSpecOf), members);
    if (!layout.adequate) throw new Error(layout.missing.join());
    const view = { vid: 0, members, subgroups: layout.subgroups };
    const network = new InProcessNetwork();
    const { ringBytes = 65_536, queueBytes = 1_048_576 } = sizes;
    this.nodes = members.map(
      (_, myRank) =>
        new ActorNode({
          view,
          myRank,
          definitions,
          fabric: network.createFabric(),
          control: {
            send: (to, message) => {
              if (this.isCut) return false;
              const target = members.findIndex(each => each.id === to.id);
              this.mail.push(() => this.hand(target, message));
              return true;
            },
          },
          ringBytes,
          queueBytes,
          callTimeout: 10_000,
          log: SILENT,
          events: this.events(),
          now: () => this.now,
          wake: ignore,
        }),
    );
    for (const { member } of this.nodes) member.start();
    this.run(0, 1);
  }

  ref<T extends object>(actor: ActorClass<T>, rank: number, key = 'k'): Ref<T> {
    const { calls } = this.nodes[rank]!;
    return new (refClassOf(definitionOf(actor)))(calls, key) as unknown as Ref<T>;
  }

  /** Has these members work, in turns, until none of them finds anything to do. */
  run(...ranks: number[]): void {
    for (let isBusy = true; isBusy;) {
      isBusy = this.mail.length > 0;
      for (const deliver of this.mail.splice(0)) deliver();
      for (const rank of ranks) if (this.nodes[rank]!.doWork(this.now) > 0) isBusy = true;
    }
  }

  /** What was said beside the fabric and has not arrived is lost. */
  loseMail(): void {
    this.mail.length = 0;
  }

  private hand(to: number, message: ControlMessage): void {
    const problem = this.nodes[to]!.member.receiveControl(message);
    if (problem !== undefined) throw new Error(problem);
  }

  private events(): NodeEvents {
    return {
      onViewInstalled: ignore,
      onViewEnded: ignore,
      onStateChanged: ignore,
      onHalted: error => {
        throw error;
      },
      onDeadLetter: error => this.deadLetters.push(error),
    };
  }
}

function ignore(): void {
  // Not what these tests are about.
}
