/**
 * The feed against boards that are not there: how many calls it has in flight, what it does when a member refuses a call,
 * and when one fails.
 */
import { setImmediate } from 'node:timers/promises';
import { BowechoError } from '@bowecho/actors';
import { expect } from 'chai';
import { feedFlights, type Departures } from '../src/feed.js';
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

describe('the feed', () => {
  it('sends each flight once, from all members, with so many calls in flight and no more', async () => {
    const boards = [new FakeBoard(), new FakeBoard(), new FakeBoard()];
    const { count } = await feedFlights({ boards, flights: FLIGHTS, lanesPerMember: LANES });
    expect(count).to.equal(COUNT);
    const departed = boards.flatMap(board => board.departed).sort((a, b) => a - b);
    expect(departed).to.deep.equal(Array.from({ length: COUNT }, (_, i) => i));
    for (const board of boards) {
      expect(board.mostInFlight).to.equal(LANES);
      expect(board.calls).to.be.greaterThan(COUNT / 4);
    }
  });

  it('sends a flight again that an overloaded member refused', async () => {
    const overloaded = new FakeBoard(call => {
      if (call % 10 === 3) throw new BowechoError('OVERLOADED', 'the queue is full', { didExecute: 'no' });
    });
    const { count } = await feedFlights({ boards: [overloaded], flights: FLIGHTS, lanesPerMember: LANES });
    expect(count).to.equal(COUNT);
    expect(overloaded.calls).to.be.greaterThan(COUNT);
    expect(new Set(overloaded.departed).size).to.equal(COUNT);
  });

  it('ends with what a call failed with, and sends no more', async () => {
    const broken = new FakeBoard(call => {
      if (call === 100) throw new BowechoError('VIEW_ENDED', 'the view ended', { didExecute: 'unknown' });
    });
    const healthy = new FakeBoard();
    let code: unknown;
    await feedFlights({ boards: [broken, healthy], flights: FLIGHTS, lanesPerMember: LANES }).catch(
      (error: unknown) => (code = error instanceof BowechoError ? error.code : error),
    );
    expect(code).to.equal('VIEW_ENDED');
    expect(broken.calls + healthy.calls).to.be.lessThan(COUNT);
  });
});
