/** BoardMember is what a member of the demo does: it tells the board about flights, and says what its replica has. */
import type { Cluster, Ref } from '@bowecho/actors';
import { AirTrafficBoard } from './board.js';
import { feedFlights, type FeedResult } from './feed.js';
import type { Flights } from './flights.js';
import type { ViewSeen } from './group.js';
import { testimonyOf, type Testimony } from './verdict.js';

const BOARD = 'us';
/** Calls in flight per member: more raises the latency and nothing else, much less lets members idle. */
export const LANES = 300;

export class BoardMember {
  constructor(private readonly cluster: Cluster) {}

  /** The view, once there is one. */
  async view(): Promise<ViewSeen> {
    await this.cluster.whenReady();
    const { id, members } = this.cluster.view!;
    return { id, members };
  }

  feed(flights: Flights, signal: AbortSignal, onProgress: (answered: number) => void): Promise<FeedResult> {
    return feedFlights({ board: this.board, flights, lanes: LANES, signal, onProgress });
  }

  /** How many flights the board has. The query waits until this replica has applied all that the member received. */
  async count(): Promise<number> {
    return (await this.board.totals()).flights;
  }

  testify(): Promise<Testimony> {
    return testimonyOf(this.cluster, BOARD);
  }

  close(): Promise<void> {
    return this.cluster.close();
  }

  private get board(): Ref<AirTrafficBoard> {
    return this.cluster.get(AirTrafficBoard, BOARD);
  }
}
