/**
 * The main demo: a replicated air-traffic board on several members of this process, fed with recorded flights by all of
 * them at once, and then held against a plain computation over the same flights. Run it with `npm run demo`.
 *
 * Exit status: 0 if all replicas agree with each other and with the plain computation, 1 if they do not or something
 * went wrong, 130 after Ctrl-C, which still reports on what was sent until then. A second Ctrl-C ends it at once.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { createCluster, type Cluster } from '@bowecho/actors';
import { readAirports } from './airports.js';
import { AirTrafficBoard } from './board.js';
import { feedFlights, type FeedResult } from './feed.js';
import { readFlights, type Flights } from './flights.js';
import { readOptions, type DemoOptions } from './options.js';
import { plainTotals } from './plain-totals.js';
import {
  formatCount,
  formatMoment,
  formatSeconds,
  reportOf,
  type ReportFacts,
  type Speed,
} from './report.js';
import { Terminal } from './terminal.js';
import { disagreements, plainTestimony, testimonyOf } from './verdict.js';

const BOARD = 'us';
/** Calls in flight per member: more raises the latency and nothing else, much less lets members idle. */
const LANES_PER_MEMBER = 300;
const INTERRUPTED = 130;

const startedAt = performance.now();
const options = readOptions(process.argv);
const terminal = new Terminal(process.stdout);
const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort(new Error('interrupted before any flight was sent')));
try {
  process.exitCode = await runDemo(options);
} catch (error) {
  terminal.endProgress();
  console.error(`air-traffic: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error === interrupt.signal.reason ? INTERRUPTED : 1;
}

async function runDemo({ flights: count, members: memberCount, json }: DemoOptions): Promise<number> {
  // Opened first: a file that cannot be written should be known before the flights are sent, not after.
  const jsonFile = json === undefined ? undefined : await open(json, 'w');
  try {
    terminal.line('Bowecho air traffic: one board of all flights, a replica of it on every member', 'title');
    const flights = await readRecord(count);
    const members = await startMembers(memberCount);
    try {
      const fed = await feed(members, flights);
      const facts = await compare(members, flights, fed);
      await show(facts, jsonFile);
      if (facts.disagreements.length > 0) return 1;
      return interrupt.signal.aborted ? INTERRUPTED : 0;
    } finally {
      await Promise.all(members.map(member => member.close()));
    }
  } finally {
    await jsonFile?.close();
  }
}

async function readRecord(count: number): Promise<Flights> {
  const from = performance.now();
  const flights = await readFlights(count, interrupt.signal);
  const first = flights.dates.reduce((a, b) => Math.min(a, b));
  const last = flights.dates.reduce((a, b) => Math.max(a, b));
  const time = formatSeconds(performance.now() - from);
  terminal.line(
    `read ${formatCount(count)} flights, ${formatMoment(first)} to ${formatMoment(last)}, in ${time}`,
  );
  return flights;
}

async function startMembers(count: number): Promise<Cluster[]> {
  const from = performance.now();
  const seeds = Array.from({ length: count }, (_, i) => `n${i + 1}`);
  const members = await Promise.all(
    seeds.map(id =>
      createCluster({ id, seeds, fabric: 'in-process', actors: [AirTrafficBoard], log: false }),
    ),
  );
  await Promise.all(members.map(member => member.whenReady()));
  const { view } = members[0]!;
  const noun = count === 1 ? 'member' : 'members';
  const time = (performance.now() - from).toFixed(0);
  terminal.line(`${count} ${noun} up in ${time} ms: view ${view?.id} of ${view?.members.join(', ')}`);
  return members;
}

async function feed(members: readonly Cluster[], flights: Flights): Promise<FeedResult> {
  const from = performance.now();
  const senders = members.length === 1 ? 'the member sends' : `all ${members.length} members send at once`;
  terminal.line(`${senders}, each with up to ${formatCount(LANES_PER_MEMBER)} calls in flight; Ctrl-C stops`);
  const result = await feedFlights({
    boards: members.map(member => member.get(AirTrafficBoard, BOARD)),
    flights,
    lanesPerMember: LANES_PER_MEMBER,
    signal: interrupt.signal,
    onProgress: answered => {
      terminal.progress(() => {
        const rate = (answered * 1000) / (performance.now() - from);
        const percent = ((answered / flights.count) * 100).toFixed(0).padStart(3);
        return `${percent} %  ${formatCount(answered)} flights  ${formatCount(rate)} a second`;
      });
    },
  });
  terminal.endProgress();
  if (interrupt.signal.aborted) terminal.line(`stopped after ${formatCount(result.count)} flights`);
  return result;
}

async function compare(members: readonly Cluster[], flights: Flights, fed: FeedResult): Promise<ReportFacts> {
  const plain = plainTestimony(plainTotals(flights, fed.count));
  const replicas = await Promise.all(members.map(member => testimonyOf(member, BOARD)));
  return {
    replicas,
    plain,
    airports: await readAirports(),
    disagreements: disagreements(replicas, plain),
    speed: speedOf(fed, members.length),
  };
}

function speedOf({ count, elapsedMs, latency }: FeedResult, members: number): Speed {
  return {
    commands: count,
    elapsedMs,
    members,
    inFlight: Math.min(count, LANES_PER_MEMBER * members),
    p50Micros: latency.percentile(50),
    p99Micros: latency.percentile(99),
    p999Micros: latency.percentile(99.9),
  };
}

async function show(facts: ReportFacts, jsonFile: FileHandle | undefined): Promise<void> {
  terminal.line('');
  for (const { text, emphasis } of reportOf(facts)) terminal.line(text, emphasis);
  terminal.line(`everything took ${formatSeconds(performance.now() - startedAt)}`);
  const { replicas, plain, speed } = facts;
  const result = {
    agree: facts.disagreements.length === 0,
    disagreements: facts.disagreements,
    speed,
    replicas,
    plain,
  };
  await jsonFile?.writeFile(`${JSON.stringify(result, undefined, 2)}\n`);
}
