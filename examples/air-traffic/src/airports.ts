/**
 * Airports gives airports their names, for people: the board itself knows codes only.
 *
 * The list is `airports.csv` of the package `vega-datasets`. Some names have commas and quotation marks in them, so the
 * file is read by the rules of RFC 4180, except that no field of it has a line break, which this reader relies on.
 */
import { readFile } from 'node:fs/promises';
import { recordOf } from './flights.js';

export interface Airport {
  /** Such as `William B Hartsfield-Atlanta Intl`. */
  readonly name: string;
  readonly city: string;
  /** Two letters. */
  readonly state: string;
}

/** By IATA code. */
export type Airports = ReadonlyMap<string, Airport>;

/** Reads all airports. */
export async function readAirports(): Promise<Airports> {
  return airportsOf(await readFile(recordOf('airports.csv'), 'utf8'));
}

/**
 * The airports of a table with the columns iata, name, city and state first, and a line of headings.
 *
 * @example
 * airportsOf('iata,name,city,state\nPUW,Pullman,"Pullman, Moscow",WA\n').get('PUW')?.city; // Pullman, Moscow
 */
export function airportsOf(csv: string): Airports {
  const airports = new Map<string, Airport>();
  for (const line of csv.split(/\r?\n/).slice(1)) {
    const [code, name, city, state] = fieldsOf(line);
    if (code === undefined || name === undefined || city === undefined || state === undefined) continue;
    airports.set(code, { name, city, state });
  }
  return airports;
}

/** A field is in quotation marks, doubled where they are meant, or it has neither these nor commas. */
const FIELD = /(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g;

function fieldsOf(line: string): string[] {
  return Array.from(
    line.matchAll(FIELD),
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}
