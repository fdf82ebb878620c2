/**
 * `npm run bench`: measures the product against floors of the same run, prints a table, and writes it as JSON on demand.
 * The method is in docs/benchmarks.md.
 */
import { Command, InvalidArgumentError } from 'commander';
import { benchAllocation } from './allocation.js';
import { benchCommand } from './command.js';
import { benchRaw } from './raw.js';
import { printResults, writeResults, type Result } from './report.js';
import { benchSimulator } from './simulator.js';
import { benchTurn } from './turn.js';

const CASES = ['turn', 'raw', 'command', 'allocation', 'simulator'] as const;
type Case = (typeof CASES)[number];
const FABRICS: Readonly<Record<Case, string>> = {
  turn: 'in-process',
  raw: 'in-process',
  command: 'in-process',
  allocation: 'in-process',
  simulator: 'simulated',
};
const DEFAULT_SIZES: Readonly<Record<Case, readonly number[]>> = {
  turn: [],
  raw: [10, 100, 10_240],
  command: [10, 100],
  allocation: [100],
  simulator: [],
};
/** A message must fit a quarter of the benches' 4 MiB ring. */
const LARGEST_SIZE = 1_000_000;

interface Options {
  readonly json?: string;
  readonly only?: Case;
  readonly fabric?: string;
  readonly size?: number;
  readonly seconds: number;
}

const program = new Command('bench')
  .description('measures Bowecho against floors of the same run')
  .option('--json <file>', 'write the results there, too')
  .option('--only <case>', `one case: ${CASES.join(', ')}`, readCase)
  .option('--fabric <name>', 'only cases on that fabric: in-process, simulated', readFabric)
  .option('--size <bytes>', 'payload size instead of the default ones', readSize)
  .option('--seconds <s>', 'seconds that each figure is measured for', readSeconds, 2);

function readCase(text: string): Case {
  const found = CASES.find(name => name === text);
  if (found === undefined)
    throw new InvalidArgumentError(`There is no case '${text}'; there are ${CASES.join(', ')}.`);
  return found;
}

function readFabric(text: string): string {
  const fabrics = [...new Set(Object.values(FABRICS))];
  if (!fabrics.includes(text))
    throw new InvalidArgumentError(`There is no fabric '${text}'; there are ${fabrics.join(', ')}.`);
  return text;
}

function readSize(text: string): number {
  const size = Number(text);
  if (!Number.isInteger(size) || size < 1 || size > LARGEST_SIZE) {
    throw new InvalidArgumentError(`A size is a whole number from 1 to ${LARGEST_SIZE}, not '${text}'.`);
  }
  return size;
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 0.05 && seconds <= 600)) {
    throw new InvalidArgumentError(`Seconds are a number from 0.05 to 600, not '${text}'.`);
  }
  return seconds;
}

async function run(name: Case, options: Options): Promise<Result[]> {
  const sizes = options.size === undefined ? DEFAULT_SIZES[name] : [options.size];
  switch (name) {
    case 'turn':
      return benchTurn(options);
    case 'raw':
      return benchRaw(sizes, options);
    case 'command':
      return benchCommand(sizes, options);
    case 'allocation':
      return benchAllocation(sizes[0]!);
    case 'simulator':
      return benchSimulator(options);
  }
}

const options = program.parse().opts<Options>();
const chosen = CASES.filter(name => options.only === undefined || name === options.only).filter(
  name => options.fabric === undefined || FABRICS[name] === options.fabric,
);
const results: Result[] = [];
for (const name of chosen) results.push(...(await run(name, options)));
printResults(results);
if (options.json !== undefined) writeResults(options.json, results);
