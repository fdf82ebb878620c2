/** A group of bare members on the in-process fabric, all on this thread, driven by hand: what the engine costs, alone. */
import { InProcessNetwork } from '@bowecho/actors';
import { Member, assert, type Application, type Delivery, type SubgroupSpec } from '@bowecho/core';
import { firstView } from '@bowecho/testing';

/** Counts deliveries and looks at one byte of each. */
export class CountingApplication implements Application {
  delivered = 0;
  /** Of those, the ones that this member sent. */
  mine = 0;
  sum = 0;

  deliver(delivery: Delivery): void {
    this.delivered++;
    if (delivery.isMine) this.mine++;
    this.sum += delivery.memory[delivery.offset]!;
  }
  onViewEntered(): void {}
  onViewInstalled(): void {}
  onEnded(): void {}
  onStateChanged(): void {}
  onMessage(): void {}
  onHalted(error: unknown): void {
    throw error;
  }
}

export interface InProcessGroup {
  readonly members: readonly Member[];
  readonly applications: readonly CountingApplication[];
  /** Lets every member take one turn; returns how much was done. */
  turn(): number;
}

export function createGroup(
  nodes: number,
  specs: readonly SubgroupSpec[],
  ringBytes: number,
): InProcessGroup {
  const network = new InProcessNetwork();
  const view = firstView(nodes, specs);
  const applications = view.members.map(() => new CountingApplication());
  const members: Member[] = view.members.map(
    (_, myRank) =>
      new Member({
        view,
        myRank,
        ringBytes,
        queueBytes: 2 * ringBytes,
        suspicionMicros: Infinity,
        ports: {
          fabric: network.createFabric(),
          control: {
            send: (to, message) => {
              const problem = members[view.members.indexOf(to)]!.receiveControl(message);
              assert(problem === undefined, problem ?? '');
              return true;
            },
          },
          application: applications[myRank]!,
        },
      }),
  );
  for (const member of members) member.start();
  let now = 1;
  const turn = (): number => {
    let work = 0;
    for (const member of members) work += member.doWork(now++);
    return work;
  };
  while (turn() > 0);
  for (const member of members) assert(member.state === 'running', `a member is ${member.state}`);
  return { members, applications, turn };
}

/** Sends `batch` messages from each sender per turn until `count` were sent in all; returns how many everybody delivered. */
export function pump(
  group: InProcessGroup,
  senders: number,
  payload: Uint8Array,
  batch: number,
  turns: number,
): number {
  for (let i = 0; i < turns; i++) {
    for (let sender = 0; sender < senders; sender++) {
      for (let k = 0; k < batch; k++) group.members[sender]!.send(0, payload);
    }
    group.turn();
  }
  while (group.turn() > 0);
  return turns * senders * batch;
}
