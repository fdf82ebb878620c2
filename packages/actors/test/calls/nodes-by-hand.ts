/**
 * Members on the in-process fabric that move only when a test says so, on a clock that only a test sets: so a call can be caught
 * at any stage of its way, and a view change at any stage of its own.
 */
import { ActorNode, InProcessNetwork, definitionOf, refClassOf, subgroupSpecOf } from '@bowecho/actors';
import type { ActorClass, NodeEvents, Ref, View as HandlerView } from '@bowecho/actors';
import {
  foundingView,
  layoutSubgroups,
  type ControlMessage,
  type MemberIdentity,
  type MembershipEnd,
} from '@bowecho/core';

const SILENT = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

export interface HandOptions {
  /** Default 2. */
  readonly count?: number;
  readonly ringBytes?: number;
  readonly queueBytes?: number;
  /** Hears what a node says to a process that is no member. */
  readonly onTransfer?: (from: number, bytes: Uint8Array) => void;
}

export class NodesByHand {
  readonly nodes: readonly ActorNode[];
  readonly deadLetters: Error[] = [];
  /** By node: the views that ran there, and how its time ended. */
  readonly views: readonly HandlerView[][];
  readonly ends: (MembershipEnd | undefined)[];
  /** What members said beside the fabric and was not taken. */
  readonly refusals: string[] = [];
  /** Microseconds. */
  now = 1_000_000;
  /** While it is set, nobody has a way to anybody beside the fabric. */
  isCut = false;
  private readonly identities: readonly MemberIdentity[];
  private readonly mail: (() => void)[] = [];
  private readonly dead = new Set<number>();

  constructor(actor: ActorClass, options: HandOptions = {}) {
    const { count = 2, ringBytes = 65_536, queueBytes = 1_048_576 } = options;
    const definitions = [definitionOf(actor)];
    const members = Array.from({ length: count }, (_, rank) => ({ id: `n${rank}`, incarnation: rank + 1 }));
    this.identities = members;
    const layout = layoutSubgroups(definitions.map(subgroupSpecOf), members);
    if (!layout.adequate) throw new Error(layout.missing.join());
    const view = foundingView(members, layout.subgroups);
    const network = new InProcessNetwork();
    this.views = members.map(() => []);
    this.ends = members.map(() => undefined);
    this.nodes = members.map(
      (_, myRank) =>
        new ActorNode({
          view,
          myRank,
          definitions,
          fabric: network.createFabric(),
          control: {
            send: (to, message) => {
              if (this.isCut || this.indexOf(to) < 0 || this.dead.has(this.indexOf(to))) return false;
              this.mail.push(() => this.hand(this.indexOf(to), message));
              return true;
            },
          },
          sendTransfer: (_, bytes) => {
            options.onTransfer?.(myRank, bytes);
            return true;
          },
          ringBytes,
          queueBytes,
          suspicionMicros: Infinity,
          callTimeout: 10_000,
          log: SILENT,
          events: this.eventsOf(myRank),
          now: () => this.now,
          wake: ignore,
        }),
    );
    for (const { member } of this.nodes) member.start();
    this.runAll();
  }

  ref<T extends object>(actor: ActorClass<T>, index: number, key = 'k'): Ref<T> {
    const { calls } = this.nodes[index]!;
    return new (refClassOf(definitionOf(actor)))(calls, key) as unknown as Ref<T>;
  }

  /** Has these members work, in turns, until none of them finds anything to do. */
  run(...indexes: number[]): void {
    for (let isBusy = true; isBusy;) {
      isBusy = this.mail.length > 0;
      for (const deliver of this.mail.splice(0)) deliver();
      for (const index of indexes)
        if (!this.dead.has(index) && this.nodes[index]!.doWork(this.now) > 0) isBusy = true;
    }
  }

  /** Has this member take one step, after what was said beside the fabric has arrived. */
  step(index: number): void {
    for (const deliver of this.mail.splice(0)) deliver();
    if (!this.dead.has(index)) this.nodes[index]!.doWork(this.now);
  }

  runAll(): void {
    this.run(...this.nodes.keys());
  }

  /** What was said beside the fabric and has not arrived is lost. */
  loseMail(): void {
    this.mail.length = 0;
  }

  /** That member does nothing any more. Nobody knows it yet. */
  kill(index: number): void {
    this.dead.add(index);
  }

  /** Tells these members that another one is gone. */
  bury(index: number, ...mourners: number[]): void {
    for (const mourner of mourners) this.nodes[mourner]!.member.memberLost(this.identities[index]!, 'a test');
  }

  identityOf(index: number): MemberIdentity {
    return this.identities[index]!;
  }

  private indexOf({ id }: MemberIdentity): number {
    return this.identities.findIndex(each => each.id === id);
  }

  private hand(to: number, message: ControlMessage): void {
    if (this.dead.has(to)) return;
    const problem = this.nodes[to]!.member.receiveControl(message);
    if (problem !== undefined) this.refusals.push(problem);
  }

  private eventsOf(index: number): NodeEvents {
    return {
      onViewInstalled: view => this.views[index]!.push(view),
      onEnded: end => (this.ends[index] = end),
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
