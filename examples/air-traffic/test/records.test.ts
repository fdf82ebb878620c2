/** The records that the demo is fed with: read as they were written down, and as much of them as was asked for. */
import { expect } from 'chai';
import { airportsOf, readAirports } from '../src/airports.js';
import { readFlights } from '../src/flights.js';
import { shareOf } from '../src/share.js';

describe('the records', () => {
  it('are read as they were written down', async () => {
    const flights = await readFlights({ from: 0, to: 2 });
    expect(flights.count).to.equal(2);
    expect(new Date(flights.dates[0]!).toISOString()).to.equal('2001-01-01T00:01:00.000Z');
    expect([flights.delays[0], flights.distances[0]]).to.deep.equal([33, 2176]);
    expect([flights.originOf(0), flights.destinationOf(0)]).to.deep.equal(['LAS', 'PHL']);
  });

  it('are the same flights however they are shared out', async () => {
    const [count, members] = [300_000, 7]; // more than a row group, so that shares begin and end in the midst of two
    const whole = await readFlights({ from: 0, to: count });
    const shares = Array.from({ length: members }, (_, i) => shareOf(count, members, i));
    expect(shares.reduce((sum, { from, to }) => sum + to - from, 0)).to.equal(count);
    for (const share of [shares[0]!, shares[members - 1]!]) {
      const read = await readFlights(share);
      const part = whole.part(share);
      expect(read.count).to.equal(part.count).and.to.be.within(42_857, 42_858);
      expect(read.dates).to.deep.equal(part.dates);
      expect(read.delays).to.deep.equal(part.delays);
      expect(read.distances).to.deep.equal(part.distances);
      for (const i of [0, 1, 2, read.count - 1]) {
        expect(read.originOf(i)).to.equal(part.originOf(i));
        expect(read.destinationOf(i)).to.equal(part.destinationOf(i));
      }
    }
  });

  it('are left alone when reading is aborted, between two row groups', async () => {
    const reason = new Error('enough');
    let thrown: unknown;
    await readFlights({ from: 0, to: 300_000 }, AbortSignal.abort(reason)).catch(
      (error: unknown) => (thrown = error),
    );
    expect(thrown).to.equal(reason);
  });

  it('have a name for every airport, quotation marks or not', async () => {
    const airports = await readAirports();
    expect(airports.size).to.equal(3_376);
    expect(airports.get('RVS')).to.deep.equal({
      name: 'Richard Lloyd Jones, Jr.',
      city: 'Tulsa',
      state: 'OK',
    });
    expect(airports.get('DBN')?.name).to.equal('W. H. "Bud" Barron');
    const { codes } = await readFlights({ from: 0, to: 10_000 });
    expect(codes.filter(code => !airports.has(code))).to.deep.equal([]);
    expect(airportsOf('iata,name,city,state\r\nXYZ,,"a ""b"", c",NY,USA\r\n').get('XYZ')).to.deep.equal({
      name: '',
      city: 'a "b", c',
      state: 'NY',
    });
  });
});
