/** One line of a benchmark, and how lines are shown and kept. Ratios are what binds: a machine's own floor is beside each. */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';

export interface Result {
  readonly case: string;
  /** `-` where no fabric is involved. */
  readonly fabric: string;
  /** Payload bytes; 0 where there is no payload. */
  readonly size: number;
  /** Who sends: `all`, `one`, or what else the case varies. */
  readonly senders: string;
  readonly value: number;
  readonly unit: string;
  /** The least that the same work could cost on this machine, measured in the same run; same unit. */
  readonly floor: number;
  /** What the floor is, in a word or two. */
  readonly against: string;
  /** How far from the floor: 1 is at it, 2 is twice the time or half the rate. */
  readonly ratio: number;
}

/** A result whose value is a rate: more is better. */
export function rateResult(what: Omit<Result, 'ratio'>): Result {
  return { ...what, ratio: what.floor / what.value };
}

/** A result whose value is a cost: less is better. */
export function costResult(what: Omit<Result, 'ratio'>): Result {
  return { ...what, ratio: what.value / what.floor };
}

const COLUMNS = ['case', 'fabric', 'size', 'senders', 'value', 'unit', 'floor', 'ratio', 'against'] as const;

export function printResults(results: readonly Result[]): void {
  const rows = [
    COLUMNS as readonly string[],
    ...results.map(result => COLUMNS.map(column => show(result[column]))),
  ];
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map(row => row[i]!.length)));
  for (const row of rows)
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    );
  const load = loadavg().map(value => value.toFixed(2));
  console.log(
    `\nnode ${process.version}, ${cpus().length} cores (${cpus()[0]?.model.trim()}), load ${load.join(' ')}`,
  );
}

function show(value: string | number): string {
  if (typeof value === 'string') return value;
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}

export function writeResults(file: string, results: readonly Result[]): void {
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
}
