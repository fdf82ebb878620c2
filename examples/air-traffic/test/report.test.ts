/**
 * The report as a golden text: a small world of facts, and every line of what a person reads. And what it says when
 * replicas do not agree, for each kind of disagreement: a report that cannot say FAILED is worth nothing.
 */
import { expect } from 'chai';
import type { Airports } from '../src/airports.js';
import { Flights } from '../src/flights.js';
import { partingText } from '../src/loss.js';
import { plainTotals, type BoardContents } from '../src/plain-totals.js';
import { reportOf, type ReportFacts } from '../src/report.js';
import { disagreements, plainTestimony, type Testimony } from '../src/verdict.js';

const AIRPORTS: Airports = new Map([
  ['STL', { name: 'Lambert-St Louis International', city: 'St Louis', state: 'MO' }],
  ['HNL', { name: 'Honolulu International', city: 'Honolulu', state: 'HI' }],
  ['MSP', { name: 'A name of a very long airport indeed', city: 'Minneapolis', state: 'MN' }],
]);

const FLIGHTS = Flights.of([
  { date: Date.UTC(2001, 0, 19, 22, 42), delay: 1688, distance: 3972, origin: 'HNL', destination: 'MSP' },
  { date: Date.UTC(2001, 0, 20, 9, 5), delay: -4, distance: 3972, origin: 'MSP', destination: 'HNL' },
  { date: Date.UTC(2001, 0, 20, 9, 6), delay: 7, distance: 400, origin: 'HNL', destination: 'ZZZ' },
  { date: Date.UTC(2001, 0, 20, 9, 7), delay: 0, distance: 449, origin: 'MSP', destination: 'STL' },
]);

const PLAIN = plainTestimony(plainTotals(FLIGHTS, [{ from: 0, to: FLIGHTS.count }]));

function replicaOf(from: string, contents: BoardContents, stateDigest: string): Testimony {
  return { from, contents, answersHash: plainTestimony(contents).answersHash, stateDigest };
}

const REPLICAS = ['n1', 'n2', 'n3'].map(id => replicaOf(id, PLAIN.contents, '0123456789abcdef'));

const FACTS: ReportFacts = {
  replicas: REPLICAS,
  plain: PLAIN,
  airports: AIRPORTS,
  disagreements: disagreements(REPLICAS, PLAIN),
  losses: [],
  usages: [
    { process: 'n1', cores: 0.551, memoryBytes: 1_234_567_890 },
    { process: 'launcher', cores: 0, memoryBytes: 56_499_999 },
  ],
  speed: {
    commands: 4,
    elapsedMs: 1_500,
    members: 3,
    inFlight: 3,
    p50Micros: 900,
    p99Micros: 12_345,
    p999Micros: 20_000,
  },
};

function textOf(facts: ReportFacts): string[] {
  return reportOf(facts).map(line => line.text);
}

describe('the report', () => {
  it('reads like this', () => {
    expect(`\n${textOf(FACTS).join('\n')}\n`).to.equal(`
Busiest airports (late: departures more than 15 minutes late)
       airport                                departed  arrived    late  avg min
  HNL  Honolulu Intl, HI                             2        1  50.0 %    847.5
  MSP  A name of a very long airport inde...         2        1   0.0 %     -2.0
  STL  Lambert-St Louis Intl, MO                     0        1       -        -
  ZZZ  unknown                                       0        1       -        -

Worst delays
  departed              late by  flight      between
  2001-01-19 22:42  28 h  8 min  HNL to MSP  Honolulu and Minneapolis
  2001-01-20 09:06   0 h  7 min  HNL to ZZZ  Honolulu and unknown

Replicas
  replica            flights  miles  late  answers   state
  n1                       4  8,793     1  57b98be6  01234567
  n2                       4  8,793     1  57b98be6  01234567
  n3                       4  8,793     1  57b98be6  01234567
  plain computation        4  8,793     1  57b98be6  -

All replicas agree with each other and with the plain computation.

Processes, while flights were sent
  process   of a core    memory
  n1             55 %  1,235 MB
  launcher        0 %     56 MB

4 commands in 1.5 s: 3 a second, each applied at 3 replicas
latency p50 0.9 ms, p99 12.3 ms, p99.9 20.0 ms, with 3 calls in flight
`);
  });

  it('says what was lost, and no longer how many replicas there were', () => {
    const loss = {
      member: 'n1',
      answered: 1_000_123,
      view: { id: 1, members: ['n2', 'n3'] },
      viewAfterMs: 41.4,
      pauseMs: 57.6,
      applied: 333_000,
      takenOver: 667_000,
      comeback: { view: { id: 2, members: ['n2', 'n3', 'n1'] }, afterMs: 612.3 },
    };
    const members = Array.from({ length: 15 }, (_, i) => `n${i + 2}`);
    const quiet = {
      ...loss,
      view: { id: 1, members },
      pauseMs: undefined,
      takenOver: 0,
      comeback: undefined,
    };
    const lines = textOf({ ...FACTS, losses: [loss, quiet] });
    expect(lines.slice(-7)).to.deep.equal([
      'n1 was killed after 1,000,123 flights; view 1 of n2, n3 ran 41 ms later',
      'the longest pause of a caller was 58 ms; 667,000 flights were shared out',
      'n1 is back: view 2 of n2, n3, n1 runs, 612 ms after its start',
      'n1 was killed after 1,000,123 flights; view 1 of 15 members ran 41 ms later',
      'no caller waited; 0 flights were shared out',
      '4 commands in 1.5 s: 3 a second, each applied at all replicas',
      'latency p50 0.9 ms, p99 12.3 ms, p99.9 20.0 ms, with 3 calls in flight',
    ]);
    expect(partingText(loss, 1_000_000)).to.equal(
      'n1 had got through 333,000 of its 1,000,000 flights; the rest is shared out',
    );
    expect(partingText({ ...loss, takenOver: 0 }, 333_000)).to.equal(
      'n1 had got through all of its 333,000 flights',
    );
  });

  it('says which replica has another state', () => {
    const replicas = [...REPLICAS.slice(0, 2), replicaOf('n3', PLAIN.contents, 'fedcba9876543210')];
    expect(disagreements(replicas, PLAIN)).to.deep.equal(['the state of n3 differs from the state of n1']);
  });

  const { contents } = PLAIN;
  const [busiest, ...others] = contents.airports;
  const [worst, ...better] = contents.worst;
  const wrong: Record<string, BoardContents> = {
    'a lost flight': { ...contents, totals: { ...contents.totals, flights: 2 } },
    'a missing airport': { ...contents, airports: others },
    'a wrong delay of an airport': {
      ...contents,
      airports: [{ ...busiest!, delayMinutes: busiest!.delayMinutes + 1 }, ...others],
    },
    'a wrong worst delay': { ...contents, worst: [{ ...worst!, destination: 'QQQ' }, ...better] },
  };
  for (const [what, answers] of Object.entries(wrong)) {
    it(`fails loudly over ${what}`, () => {
      const replicas = [...REPLICAS.slice(0, 2), replicaOf('n3', answers, '0123456789abcdef')];
      const found = disagreements(replicas, PLAIN);
      expect(found).to.deep.equal(['n3 answers otherwise than the plain computation']);
      const lines = reportOf({ ...FACTS, replicas, disagreements: found });
      expect(lines.filter(line => line.emphasis === 'bad').map(line => line.text)).to.deep.equal([
        'FAILED: they do not agree.',
        '  n3 answers otherwise than the plain computation',
      ]);
      expect(lines.filter(line => line.emphasis === 'good')).to.deep.equal([]);
    });
  }
});
