/**
 * Flights are recorded departures, kept as columns: 20 bytes a flight, where an object per flight would take ten times as
 * much and give the garbage collector three million things to look at while the clock runs.
 *
 * The record is `flights-3m.parquet` of the package `vega-datasets`: 3,000,000 flights of US airlines in the first half of
 * 2001, as the airlines reported them to the Bureau of Transportation Statistics. It is read row group by row group, so
 * that a short run reads little and a long one holds one group's worth of decoded values beside the columns.
 */
import { setImmediate } from 'node:timers/promises';
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead, type ColumnData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { fileURLToPath } from 'node:url';
import type { Range } from './share.js';

/** How many flights the record has. */
export const RECORDED_FLIGHTS = 3_000_000;

/** One flight, as the board wants it. */
export interface Flight {
  /** When it departed: milliseconds, read as UTC they give the local time of the airport. */
  readonly date: number;
  /** Minutes; negative for early. */
  readonly delay: number;
  /** Miles. */
  readonly distance: number;
  readonly origin: string;
  readonly destination: string;
}

export class Flights {
  private readonly indexOfCode: Map<string, number>;

  private constructor(
    readonly dates: Float64Array,
    readonly delays: Int32Array,
    readonly distances: Int32Array,
    /** Indexes into `codes`. */
    readonly origins: Uint16Array,
    /** Indexes into `codes`. */
    readonly destinations: Uint16Array,
    /** IATA codes of the airports. */
    readonly codes: string[] = [],
  ) {
    this.indexOfCode = new Map(codes.map((code, index) => [code, index]));
  }

  /** Columns for so many flights, with nothing in them. */
  static empty(count: number): Flights {
    return new Flights(
      new Float64Array(count),
      new Int32Array(count),
      new Int32Array(count),
      new Uint16Array(count),
      new Uint16Array(count),
    );
  }

  /**
   * Columns of flights that are at hand.
   *
   * @example
   * Flights.of([{ date: Date.UTC(2001, 0, 1), delay: 20, distance: 733, origin: 'ORD', destination: 'LGA' }]);
   */
  static of(list: readonly Flight[]): Flights {
    const flights = Flights.empty(list.length);
    list.forEach((flight, i) => {
      flights.dates[i] = flight.date;
      flights.delays[i] = flight.delay;
      flights.distances[i] = flight.distance;
      flights.origins[i] = flights.indexOf(flight.origin);
      flights.destinations[i] = flights.indexOf(flight.destination);
    });
    return flights;
  }

  get count(): number {
    return this.dates.length;
  }

  /** Some of the flights, in the same memory. */
  part({ from, to }: Range): Flights {
    return new Flights(
      this.dates.subarray(from, to),
      this.delays.subarray(from, to),
      this.distances.subarray(from, to),
      this.origins.subarray(from, to),
      this.destinations.subarray(from, to),
      this.codes,
    );
  }

  /** The index of an airport's code, new codes included. */
  indexOf(code: string): number {
    let index = this.indexOfCode.get(code);
    if (index === undefined) {
      index = this.codes.push(code) - 1;
      this.indexOfCode.set(code, index);
    }
    return index;
  }

  originOf(flight: number): string {
    return this.codes[this.origins[flight]!]!;
  }

  destinationOf(flight: number): string {
    return this.codes[this.destinations[flight]!]!;
  }
}

/**
 * Reads flights of the record.
 *
 * @throws the signal's reason if it is aborted; an Error with row and column for a value that is not of its column's type
 * @example
 * const flights = await readFlights({ from: 0, to: 3_000 });
 */
export async function readFlights({ from, to }: Range, signal?: AbortSignal): Promise<Flights> {
  const file = await asyncBufferFromFile(fileURLToPath(recordOf('flights-3m.parquet')));
  const metadata = await parquetMetadataAsync(file);
  const flights = Flights.empty(to - from);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    if (rowStart < to && rowEnd > from) {
      await parquetRead({
        file,
        metadata,
        compressors,
        rowStart,
        rowEnd,
        parsers: { timestampFromMicroseconds: (micros: bigint) => Number(micros) / 1000 },
        onChunk: chunk => copyColumn(chunk, flights, from),
      });
      await setImmediate(); // lets an interrupt be heard
      signal?.throwIfAborted();
    }
    rowStart = rowEnd;
  }
  if (rowStart < to) throw new Error(`flights up to ${to} were asked for, but the record has ${rowStart}`);
  return flights;
}

/** Where a file of the package `vega-datasets` lies. */
export function recordOf(name: string): URL {
  return new URL(`../data/${name}`, import.meta.resolve('vega-datasets'));
}

/**
 * Takes a run of one column over, where `from` is the row of the first flight. The reader gives whole row groups; what is
 * before the first flight and beyond the last one is left.
 */
function copyColumn({ columnName, columnData, rowStart }: ColumnData, flights: Flights, from: number): void {
  const refuse = (row: number): never => {
    const value = String(columnData[row]);
    throw new Error(`flight ${rowStart + row} of the record has ${value} in the column ${columnName}`);
  };
  const column = columnOf(columnName, flights);
  const offset = rowStart - from;
  const end = Math.min(columnData.length, flights.count - offset);
  for (let row = Math.max(0, -offset); row < end; row++) {
    const value: unknown = columnData[row];
    if (typeof value === 'string') column[offset + row] = flights.indexOf(value);
    else if (typeof value === 'bigint' || typeof value === 'number') column[offset + row] = Number(value);
    else refuse(row);
  }
}

function columnOf(name: string, flights: Flights): Float64Array | Int32Array | Uint16Array {
  switch (name) {
    case 'date':
      return flights.dates;
    case 'delay':
      return flights.delays;
    case 'distance':
      return flights.distances;
    case 'origin':
      return flights.origins;
    case 'destination':
      return flights.destinations;
    default:
      throw new Error(`the record has an unexpected column ${name}`);
  }
}
