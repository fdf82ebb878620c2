/**
 * The program of a member that is a process of its own: the launcher starts one per member, tells it what to do, and asks
 * it to end by SIGTERM, on which a cluster leaves. Who the member is stands in its environment.
 */
import { createCluster } from '@bowecho/actors';
import { AirTrafficBoard } from './board.js';
import { BoardMember } from './board-member.js';
import { Flights, readFlights } from './flights.js';
import type { Message, Order } from './messages.js';
import type { Range } from './share.js';
import { UsageMeter } from './usage.js';

class MemberProgram {
  private readonly stop = new AbortController();
  private member: BoardMember | undefined;
  private flights = Flights.empty(0);
  private meter: UsageMeter | undefined;

  async obey(order: Order): Promise<void> {
    switch (order.kind) {
      case 'prepare':
        return this.prepare(order.share);
      case 'load':
        this.flights = await readFlights(order.share);
        return say({ kind: 'loaded', value: true });
      case 'feed':
        return this.feed();
      case 'stop':
        return this.stop.abort();
      case 'count':
        return say({ kind: 'count', value: await this.member!.count() });
      case 'testify':
        return say({ kind: 'testimony', value: await this.member!.testify() });
    }
  }

  /** The flights are read while the members find each other. */
  private async prepare(share: Range): Promise<void> {
    const cluster = await createCluster({ actors: [AirTrafficBoard], log: false });
    cluster.on('view', ({ id, members }) => {
      const at = performance.timeOrigin + performance.now();
      if (id > 0) say({ kind: 'view', value: { id, members, at } });
    });
    cluster.on('halted', reason => fail(new Error(reason)));
    this.member = new BoardMember(cluster);
    this.flights = await readFlights(share);
    say({ kind: 'ready', value: await this.member.view() });
  }

  private async feed(): Promise<void> {
    this.meter ??= new UsageMeter();
    const onProgress = (answered: number): void => say({ kind: 'progress', answered });
    const result = await this.member!.feed(this.flights, this.stop.signal, onProgress);
    say({ kind: 'fed', value: { result, usage: this.meter.read(process.env['BOWECHO_ID']!) } });
  }
}

/** A launcher that is gone hears nothing; this process is asked to end then anyway. */
function say(message: Message, onSaid: () => void = () => undefined): void {
  if (process.connected) process.send!(message, undefined, {}, onSaid);
}

function fail(error: unknown): void {
  const sentence = error instanceof Error ? error.message : String(error);
  say({ kind: 'failed', sentence }, () => process.exit(1));
}

const program = new MemberProgram();
process.on('message', (order: Order) => {
  program.obey(order).catch(fail);
});
