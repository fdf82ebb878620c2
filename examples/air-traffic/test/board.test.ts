/**
 * The board, replicated in a simulated cluster, says what a plain computation over the same flights says, whatever the
 * network does: real flights, sent by all nodes at once through the feed of the demo, over seeds that delay, tear and
 * reorder differently. The replicas' digests are compared too, which see all of the state.
 */
import { simulate } from '@bowecho/testing';
import { expect } from 'chai';
import { AirTrafficBoard } from '../src/board.js';
import { feedFlights, type Departures } from '../src/feed.js';
import { Flights, readFlights, type Flight } from '../src/flights.js';
import { plainTotals } from '../src/plain-totals.js';
import { shareOf, type Range } from '../src/share.js';

const NODES = [0, 1, 2];

const NEVER = new AbortController().signal;

/** All nodes send their shares at once; how many flights each sent of its own. */
async function feedAll(
  boards: readonly Departures[],
  flights: Flights,
  signal: AbortSignal,
): Promise<readonly Range[]> {
  return Promise.all(
    boards.map(async (board, i) => {
      const share = shareOf(flights.count, boards.length, i);
      const part = flights.part(share);
      const onProgress = (): void => undefined;
      const { count } = await feedFlights({ board, flights: part, lanes: 8, signal, onProgress });
      return { from: share.from, to: share.from + count };
    }),
  );
}

describe('the air-traffic board', () => {
  let recorded: Flights;
  before(async () => {
    recorded = await readFlights({ from: 0, to: 300 });
  });

  for (const seed of [1, 2, 3, 4, 5]) {
    it(`equals the plain computation at every node, seed ${seed}`, async () => {
      using sim = simulate({ nodes: NODES.length, actors: [AirTrafficBoard], seed });
      const boards = NODES.map(node => sim.get(AirTrafficBoard, 'us', { node }));
      await feedAll(boards, recorded, NEVER);

      const plain = plainTotals(recorded, [{ from: 0, to: recorded.count }]);
      for (const board of boards) {
        expect(await board.totals()).to.deep.equal(plain.totals);
        expect(await board.busiest(1_000)).to.deep.equal(plain.airports);
        expect(await board.worstDelays()).to.deep.equal(plain.worst);
      }
      await sim.settle();
      sim.assertTotalOrder();
      const digests = sim.digests(AirTrafficBoard, 'us');
      expect(digests).to.have.lengthOf(NODES.length);
      expect(new Set(digests)).to.have.lengthOf(1);
    });
  }

  it('has the same worst delays in whatever order equally late flights come', async () => {
    const flights = tiedFlights();
    const expected = plainTotals(Flights.of(flights), [{ from: 0, to: flights.length }]).worst;
    for (const order of [flights, [...flights].reverse()]) {
      using sim = simulate({ actors: [AirTrafficBoard], seed: 1 });
      const board = sim.get(AirTrafficBoard, 'us');
      for (const each of order) {
        await board.depart(each.date, each.delay, each.distance, each.origin, each.destination);
      }
      expect(await board.worstDelays()).to.deep.equal(expected);
    }
  });

  it('has been told a first part of each share when the feeds are stopped', async () => {
    using sim = simulate({ actors: [AirTrafficBoard], seed: 1 });
    const boards = NODES.map(node => sim.get(AirTrafficBoard, 'us', { node }));
    const stop = new AbortController();
    const feeding = feedAll(boards, recorded, stop.signal);
    await boards[0]!.totals();
    stop.abort();
    const sent = await feeding;
    expect(sent.reduce((sum, { from, to }) => sum + to - from, 0)).to.be.within(1, 299);
    expect(await boards[0]!.totals()).to.deep.equal(plainTotals(recorded, sent).totals);
  });

  it('says nothing of an airport without flights', async () => {
    using sim = simulate({ actors: [AirTrafficBoard], seed: 1 });
    const board = sim.get(AirTrafficBoard, 'us');
    await board.depart(0, -3, 100, 'JFK', 'BOS');
    expect(await board.airport('LAX')).to.equal(undefined);
    expect(await board.airport('JFK')).to.deep.equal({
      departures: 1,
      arrivals: 0,
      delayed: 0,
      delayMinutes: -3,
      worstDelay: 0,
    });
  });
});

/** Fourteen flights that were equally late, so that four of them must not be among the ten worst. */
function tiedFlights(): Flight[] {
  return Array.from({ length: 14 }, (_, i) => ({
    date: Date.UTC(2001, 0, 1 + (i % 3)),
    delay: 60,
    distance: 500,
    origin: i % 2 === 0 ? 'ATL' : 'BOS',
    destination: `D${String.fromCharCode(65 + i)}`,
  }));
}
