/** What `bowecho sim` found, as lines for people: pure, so that a test shows whole reports. */
import type { Counts, ShrunkWorld, Violation } from './testing-package.js';

/** One world of a profile. */
export interface WorldName {
  readonly profile: string;
  readonly seed: number;
  /** Undefined: as many as the profile has. */
  readonly nodes: number | undefined;
}

const INDENT = '  ';

/** The command that shows a world again, with its time-line. */
export function replayCommand({ profile, seed, nodes }: WorldName): string {
  const members = nodes === undefined ? '' : `--nodes ${nodes} `;
  return `bowecho sim ${members}--profile ${profile} --seed ${seed} --seeds 1 --timeline`;
}

/** The command that shows a world of a file. */
export function worldCommand(file: string): string {
  return `bowecho sim --world ${file}`;
}

/** What broke, and which observations say so. */
export function violationLines(seed: number, { checker, sentence, lines }: Violation): string[] {
  return [`seed ${seed} breaks ${checker}: ${sentence}`, ...lines.map(line => `${INDENT}${line}`)];
}

export function replayLines(world: WorldName): string[] {
  return ['its time-line:', `${INDENT}${replayCommand(world)}`];
}

export function shrunkLines({ faults, hazards }: ShrunkWorld, file: string): string[] {
  const left = Object.values(hazards).filter(chance => chance > 0).length;
  return [
    `it takes ${counted(faults.length, 'fault')} and ${counted(left, 'hazard')}; the time-line of that:`,
    `${INDENT}${worldCommand(file)}`,
  ];
}

/**
 * The last line.
 *
 * @param worlds how many were run, the one that failed too
 * @param seconds wall time
 * @param fired how often each fault had an effect, in those that came to their end
 * @param failed the seed that broke a property, if one did
 */
export function summaryLine(
  worlds: number,
  seconds: number,
  fired: Counts,
  failed: number | undefined,
): string {
  const speed = `${counted(worlds, 'seed')} in ${seconds.toFixed(1)} s, ${grouped(Math.round(worlds / seconds))} a second`;
  const verdict = failed === undefined ? 'no violation' : `a violation at seed ${failed}`;
  return `${speed}; ${describeFaults(fired)}; ${verdict}`;
}

export function progressLine(worlds: number, all: number, next: number): string {
  return `${grouped(worlds)} of ${counted(all, 'seed')}, no violation yet; now seed ${next}`;
}

function describeFaults(fired: Counts): string {
  const counts = Object.values(fired);
  const kinds = counts.filter(count => count > 0).length;
  if (kinds === 0) return 'no fault fired';
  const of = kinds === counts.length ? kinds : `${kinds} of ${counts.length}`;
  const sum = counts.reduce((all, count) => all + count, 0);
  return `${counted(sum, 'fault')} of ${of} kinds fired`;
}

function counted(count: number, what: string): string {
  return `${grouped(count)} ${what}${count === 1 ? '' : 's'}`;
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
