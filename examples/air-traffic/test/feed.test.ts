/**
 * The feed against boards that are not there: how many calls it has in flight, what it does when a member refuses a call,
 * and when one fails.
 */
import { setImmediate } from 'node:timers/promises';
import { BowechoError } from '@bowecho/actors';
import { expect } from 'chai';
import { feedFlights, type Departures, type FeedResult } from '../src/feed.js';
import { Flights } from '../src/flights.js';

const COUNT = 500;
const LANES = 7;

/** Flights that can be told apart by their distance. */
const FLIGHTS = Flights.of(
  Array.from({ length: COUNT }, (_, distance) => ({
    date: 0,
    delay: 0,
    distance,
    origin: 'AAA',
    destination: 'BBB',
  })),
);

/** A board that lets `answer` settle each call, one turn of the event loop later. */
class FakeBoard implements Departures {
  readonly departed: number[] = [];
  calls = 0;
  mostInFlight = 0;
  private inFlight = 0;

  constructor(private readonly answer: (call: number) => void = () => undefined) {}

  readonly depart = async (_date: number, _delay: number, distance: number): Promise<number> => {
    const call = this.calls++;
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    await setImmediate();
    this.inFlight--;
    this.answer(call);
    return this.departed.push(distance);
  };
}

const NEVER = new AbortController().signal;

function feed(
  board: Departures,
  signal = NEVER,
  onProgress = (_: number): void => undefined,
): Promise<FeedResult> {
  return feedFlights({ board, flights: FLIGHTS, lanes: LANES, signal, onProgress });
}

describe('the feed', () => {
  it('sends each flight once, with so many calls in flight and no more', async () => {
    const board = new FakeBoard();
    const progress: number[] = [];
    const { count, latencies, answeredAt } = await feed(board, NEVER, answered => progress.push(answered));
    expect(count).to.equal(COUNT);
    expect(board.departed.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: COUNT }, (_, i) => i));
    expect(board.mostInFlight).to.equal(LANES);
    expect(latencies).to.have.lengthOf(Math.ceil(COUNT / 16));
    expect(answeredAt).to.have.lengthOf(latencies.length);
    expect(answeredAt).to.deep.equal(Float64Array.from(answeredAt).sort());
    expect(progress.at(-1)).to.equal(COUNT);
  });

  it('sends a first part when it is stopped, and waits for the answers', async () => {
    const stop = new AbortController();
    const board = new FakeBoard(call => {
      if (call === 100) stop.abort();
    });
    const { count, latencies } = await feed(board, stop.signal);
    expect(count).to.be.within(100, 100 + LANES);
    expect(board.departed.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: count }, (_, i) => i));
    expect(latencies).to.have.lengthOf(Math.ceil(count / 16));
  });

  it('sends a flight again that an overloaded member refused', async () => {
    const overloaded = new FakeBoard(call => {
      if (call % 10 === 3) throw new BowechoError('OVERLOADED', 'the queue is full', { didExecute: 'no' });
    });
    const { count } = await feed(overloaded);
    expect(count).to.equal(COUNT);
    expect(overloaded.calls).to.be.greaterThan(COUNT);
    expect(new Set(overloaded.departed).size).to.equal(COUNT);
  });

  it('ends with what a call failed with, and sends no more', async () => {
    const broken = new FakeBoard(call => {
      if (call === 100) throw new BowechoError('VIEW_ENDED', 'the view ended', { didExecute: 'unknown' });
    });
    let code: unknown;
    await feed(broken).catch((error: unknown) => (code = error instanceof BowechoError ? error.code : error));
    expect(code).to.equal('VIEW_ENDED');
    expect(broken.calls).to.be.lessThan(COUNT);
  });
});
