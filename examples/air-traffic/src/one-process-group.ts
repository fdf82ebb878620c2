/** The members of the demo in this process and on its one thread, connected by the in-process fabric. */
import { createCluster } from '@bowecho/actors';
import { AirTrafficBoard } from './board.js';
import { BoardMember } from './board-member.js';
import type { Flights } from './flights.js';
import type { Group, GroupFed, ViewSeen } from './group.js';
import { shareOf } from './share.js';
import { UsageMeter } from './usage.js';
import type { Testimony } from './verdict.js';

export class OneProcessGroup implements Group {
  private members: readonly BoardMember[] = [];

  constructor(
    private readonly count: number,
    private readonly interrupt: AbortSignal,
  ) {}

  async ready(flights: Flights): Promise<ViewSeen> {
    const seeds = Array.from({ length: this.count }, (_, i) => `n${i + 1}`);
    this.members = await Promise.all(
      seeds.map(async (id, i) => {
        const actors = [AirTrafficBoard];
        const cluster = await createCluster({ id, seeds, fabric: 'in-process', actors, log: false });
        return new BoardMember(cluster, flights.part(shareOf(flights.count, seeds.length, i)));
      }),
    );
    const [view] = await Promise.all(this.members.map(member => member.view()));
    return view!;
  }

  async feed(onProgress: (answered: number) => void): Promise<GroupFed> {
    const meter = new UsageMeter();
    const answered = this.members.map(() => 0);
    const members = await Promise.all(
      this.members.map((member, i) =>
        member.feed(this.interrupt, count => {
          answered[i] = count;
          onProgress(answered.reduce((sum, each) => sum + each));
        }),
      ),
    );
    return { members, usages: [meter.read('all members')] };
  }

  testify(): Promise<readonly Testimony[]> {
    return Promise.all(this.members.map(member => member.testify()));
  }

  async end(): Promise<void> {
    await Promise.all(this.members.map(member => member.close()));
  }
}
