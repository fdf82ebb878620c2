/**
 * The report is what a person reads when the flights are in: the busiest airports, the worst delays, what each replica
 * says, and how fast it went. Pure: facts in, lines of text out, the same for the same facts.
 */
import type { Airports } from './airports.js';
import type { NamedAirportStats, WorstDelay } from './board.js';
import {
  formatCount,
  formatDelay,
  formatMillis,
  formatMoment,
  formatSeconds,
  formatShare,
} from './format.js';
import type { Percentiles } from './latency.js';
import { lossLines, type Loss } from './loss.js';
import { tableOf } from './table.js';
import type { Usage } from './usage.js';
import type { Testimony } from './verdict.js';

/** How many airports the report lists. */
const AIRPORTS_SHOWN = 10;
/** How many characters of a hash are shown; all of it is compared. */
const HASH_SHOWN = 8;
/** Longest name of a place, in characters; so that no line is longer than 80. */
const PLACE_SHOWN = 37;
const MEGABYTE = 1_000_000;

export interface Speed extends Percentiles {
  readonly commands: number;
  readonly elapsedMs: number;
  readonly members: number;
  /** Calls in flight, of all members together. */
  readonly inFlight: number;
}

export interface ReportFacts {
  readonly replicas: readonly Testimony[];
  readonly plain: Testimony;
  readonly airports: Airports;
  readonly disagreements: readonly string[];
  /** In the order in which they were killed. */
  readonly losses: readonly Loss[];
  readonly usages: readonly Usage[];
  readonly speed: Speed;
}

/** How a line should stand out. */
export type Emphasis = 'title' | 'heading' | 'good' | 'bad' | 'none';

export interface ReportLine {
  readonly text: string;
  readonly emphasis: Emphasis;
}

/** The whole report. */
export function reportOf(facts: ReportFacts): ReportLine[] {
  const { replicas, plain, airports } = facts;
  const { contents } = replicas[0] ?? plain;
  return [
    ...section(
      'Busiest airports (late: departures more than 15 minutes late)',
      busiestTable(contents.airports, airports),
    ),
    ...section('Worst delays', worstTable(contents.worst, airports)),
    ...section('Replicas', replicaTable([...replicas, plain])),
    ...verdictLines(facts.disagreements),
    ...section('Processes, while flights were sent', usageTable(facts.usages)),
    ...facts.losses.flatMap(lossLines).map((text): ReportLine => ({ text, emphasis: 'none' })),
    ...speedLines(facts.speed, facts.losses.length > 0),
  ];
}

function section(title: string, [heading, ...rows]: readonly string[]): ReportLine[] {
  return [
    { text: title, emphasis: 'title' },
    { text: `  ${heading}`, emphasis: 'heading' },
    ...rows.map((row): ReportLine => ({ text: `  ${row}`, emphasis: 'none' })),
    { text: '', emphasis: 'none' },
  ];
}

function busiestTable(stats: readonly NamedAirportStats[], airports: Airports): string[] {
  return tableOf(
    [
      { heading: '', align: 'left' },
      { heading: 'airport', align: 'left' },
      { heading: 'departed', align: 'right' },
      { heading: 'arrived', align: 'right' },
      { heading: 'late', align: 'right' },
      { heading: 'avg min', align: 'right' },
    ],
    stats
      .slice(0, AIRPORTS_SHOWN)
      .map(each => [
        each.code,
        placeOf(each.code, airports),
        formatCount(each.departures),
        formatCount(each.arrivals),
        formatShare(each.delayed, each.departures),
        each.departures === 0 ? '-' : (each.delayMinutes / each.departures).toFixed(1),
      ]),
  );
}

function worstTable(delays: readonly WorstDelay[], airports: Airports): string[] {
  const cityOf = (code: string): string => airports.get(code)?.city ?? 'unknown';
  return tableOf(
    [
      { heading: 'departed', align: 'left' },
      { heading: 'late by', align: 'right' },
      { heading: 'flight', align: 'left' },
      { heading: 'between', align: 'left' },
    ],
    delays.map(({ date, delay, origin, destination }) => [
      formatMoment(date),
      formatDelay(delay),
      `${origin} to ${destination}`,
      `${cityOf(origin)} and ${cityOf(destination)}`,
    ]),
  );
}

function replicaTable(testimonies: readonly Testimony[]): string[] {
  return tableOf(
    [
      { heading: 'replica', align: 'left' },
      { heading: 'flights', align: 'right' },
      { heading: 'miles', align: 'right' },
      { heading: 'late', align: 'right' },
      { heading: 'answers', align: 'left' },
      { heading: 'state', align: 'left' },
    ],
    testimonies.map(({ from, contents: { totals }, answersHash, stateDigest }) => [
      from,
      formatCount(totals.flights),
      formatCount(totals.miles),
      formatCount(totals.delayed),
      answersHash.slice(0, HASH_SHOWN),
      stateDigest?.slice(0, HASH_SHOWN) ?? '-',
    ]),
  );
}

function usageTable(usages: readonly Usage[]): string[] {
  return tableOf(
    [
      { heading: 'process', align: 'left' },
      { heading: 'of a core', align: 'right' },
      { heading: 'memory', align: 'right' },
    ],
    usages.map(({ process, cores, memoryBytes }) => [
      process,
      `${(cores * 100).toFixed(0)} %`,
      `${formatCount(memoryBytes / MEGABYTE)} MB`,
    ]),
  );
}

function verdictLines(disagreements: readonly string[]): ReportLine[] {
  if (disagreements.length === 0) {
    return [
      { text: 'All replicas agree with each other and with the plain computation.', emphasis: 'good' },
      { text: '', emphasis: 'none' },
    ];
  }
  return [
    { text: 'FAILED: they do not agree.', emphasis: 'bad' },
    ...disagreements.map((sentence): ReportLine => ({ text: `  ${sentence}`, emphasis: 'bad' })),
    { text: '', emphasis: 'none' },
  ];
}

/** Where members were lost, a command was applied at as many replicas as there were. */
function speedLines(speed: Speed, hasLosses: boolean): ReportLine[] {
  const { commands, elapsedMs, members, inFlight } = speed;
  const rate = elapsedMs > 0 ? (commands * 1000) / elapsedMs : 0;
  const replicas = hasLosses ? 'all replicas' : members === 1 ? '1 replica' : `${members} replicas`;
  const latencies = [
    `p50 ${formatMillis(speed.p50Micros)}`,
    `p99 ${formatMillis(speed.p99Micros)}`,
    `p99.9 ${formatMillis(speed.p999Micros)}`,
  ].join(', ');
  return [
    {
      text: `${formatCount(commands)} commands in ${formatSeconds(elapsedMs)}: ${formatCount(rate)} a second, each applied at ${replicas}`,
      emphasis: 'none',
    },
    {
      text: `latency ${latencies}, with ${formatCount(inFlight)} calls in flight`,
      emphasis: 'none',
    },
  ];
}

/** The name with the city, where the name does not have it in it, and the state. */
function placeOf(code: string, airports: Airports): string {
  const airport = airports.get(code);
  if (airport === undefined) return 'unknown';
  const { city, state } = airport;
  const name = airport.name.replace('International', 'Intl').replace('Metropolitan', 'Metro');
  const place = name.includes(city) ? `${name}, ${state}` : `${name}, ${city} ${state}`;
  return place.length <= PLACE_SHOWN ? place : `${place.slice(0, PLACE_SHOWN - 3)}...`;
}
