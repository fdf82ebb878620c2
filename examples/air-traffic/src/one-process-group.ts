/** The members of the demo in this process and on its one thread, connected by the in-process fabric. */
import { createCluster } from '@bowecho/actors';
import { AirTrafficBoard } from './board.js';
import { BoardMember } from './board-member.js';
import { Flights } from './flights.js';
import type { FeedListeners, Group, GroupFed, ViewSeen } from './group.js';
import { firstOf, shareOf, type Range } from './share.js';
import { UsageMeter } from './usage.js';
import type { Testimony } from './verdict.js';

export class OneProcessGroup implements Group {
  private members: readonly BoardMember[] = [];
  private shares: readonly Range[] = [];
  private flights = Flights.empty(0);

  constructor(
    private readonly count: number,
    private readonly interrupt: AbortSignal,
  ) {}

  async ready(flights: Flights): Promise<ViewSeen> {
    const seeds = Array.from({ length: this.count }, (_, i) => `n${i + 1}`);
    this.members = await Promise.all(
      seeds.map(async id => {
        const actors = [AirTrafficBoard];
        const cluster = await createCluster({ id, seeds, fabric: 'in-process', actors, log: false });
        return new BoardMember(cluster);
      }),
    );
    this.flights = flights;
    this.shares = seeds.map((_, i) => shareOf(flights.count, seeds.length, i));
    const [view] = await Promise.all(this.members.map(member => member.view()));
    return view!;
  }

  async feed({ onProgress }: FeedListeners): Promise<GroupFed> {
    const meter = new UsageMeter();
    const from = performance.now();
    const answered = this.members.map(() => 0);
    const results = await Promise.all(
      this.members.map((member, i) =>
        member.feed(this.flights.part(this.shares[i]!), this.interrupt, count => {
          answered[i] = count;
          onProgress(answered.reduce((sum, each) => sum + each));
        }),
      ),
    );
    return {
      sent: results.map(({ count }, i) => firstOf(this.shares[i]!, count)),
      latencies: results.map(({ latencies }) => latencies),
      elapsedMs: performance.now() - from,
      usages: [meter.read('all members')],
      losses: [],
    };
  }

  testify(): Promise<readonly Testimony[]> {
    return Promise.all(this.members.map(member => member.testify()));
  }

  async end(): Promise<void> {
    await Promise.all(this.members.map(member => member.close()));
  }
}
