/** The plain computation against a table that was computed by hand. */
import { expect } from 'chai';
import { Flights } from '../src/flights.js';
import { plainTotals } from '../src/plain-totals.js';

const MORNING = Date.UTC(2001, 0, 1, 8);
const NOON = Date.UTC(2001, 0, 1, 12);

const FLIGHTS = Flights.of([
  { date: MORNING, delay: 15, distance: 100, origin: 'AAA', destination: 'BBB' },
  { date: NOON, delay: 16, distance: 100, origin: 'BBB', destination: 'AAA' },
  { date: NOON, delay: -5, distance: 250, origin: 'AAA', destination: 'CCC' },
  { date: MORNING, delay: 16, distance: 250, origin: 'CCC', destination: 'AAA' },
]);

const ALL = [{ from: 0, to: FLIGHTS.count }];

describe('the plain computation', () => {
  it('counts', () => {
    expect(plainTotals(FLIGHTS, ALL)).to.deep.equal({
      totals: { flights: 4, miles: 700, delayed: 2 },
      airports: [
        { code: 'AAA', departures: 2, arrivals: 2, delayed: 0, delayMinutes: 10, worstDelay: 15 },
        { code: 'BBB', departures: 1, arrivals: 1, delayed: 1, delayMinutes: 16, worstDelay: 16 },
        { code: 'CCC', departures: 1, arrivals: 1, delayed: 1, delayMinutes: 16, worstDelay: 16 },
      ],
      worst: [
        { date: MORNING, delay: 16, origin: 'CCC', destination: 'AAA' },
        { date: NOON, delay: 16, origin: 'BBB', destination: 'AAA' },
        { date: MORNING, delay: 15, origin: 'AAA', destination: 'BBB' },
      ],
    });
  });

  it('counts the same in whatever ranges the flights come', () => {
    const ranges = [
      { from: 2, to: 4 },
      { from: 0, to: 0 },
      { from: 0, to: 2 },
    ];
    expect(plainTotals(FLIGHTS, ranges)).to.deep.equal(plainTotals(FLIGHTS, ALL));
  });

  it('counts the flights of the ranges only, and no airports that these do not touch', () => {
    const { totals, airports, worst } = plainTotals(FLIGHTS, [{ from: 0, to: 1 }]);
    expect(totals).to.deep.equal({ flights: 1, miles: 100, delayed: 0 });
    expect(airports.map(airport => airport.code)).to.deep.equal(['AAA', 'BBB']);
    expect(worst).to.have.lengthOf(1);
  });

  it('makes nothing of nothing', () => {
    expect(plainTotals(FLIGHTS, [])).to.deep.equal({
      totals: { flights: 0, miles: 0, delayed: 0 },
      airports: [],
      worst: [],
    });
  });
});
