/** BoardMember is what a member of the demo does: it tells the board about its flights, and says what its replica has. */
import type { Cluster } from '@bowecho/actors';
import { AirTrafficBoard } from './board.js';
import { feedFlights, type FeedResult } from './feed.js';
import type { Flights } from './flights.js';
import type { ViewSeen } from './group.js';
import { testimonyOf, type Testimony } from './verdict.js';

const BOARD = 'us';
/** Calls in flight per member: more raises the latency and nothing else, much less lets members idle. */
export const LANES = 300;

export class BoardMember {
  /** @param flights the member's share */
  constructor(
    private readonly cluster: Cluster,
    private readonly flights: Flights,
  ) {}

  /** The view, once there is one. */
  async view(): Promise<ViewSeen> {
    await this.cluster.whenReady();
    const { id, members } = this.cluster.view!;
    return { id, members };
  }

  feed(signal: AbortSignal, onProgress: (answered: number) => void): Promise<FeedResult> {
    const board = this.cluster.get(AirTrafficBoard, BOARD);
    return feedFlights({ board, flights: this.flights, lanes: LANES, signal, onProgress });
  }

  testify(): Promise<Testimony> {
    return testimonyOf(this.cluster, BOARD);
  }

  close(): Promise<void> {
    return this.cluster.close();
  }
}
