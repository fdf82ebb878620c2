/**
 * `npm run bench`: measures the product against floors of the same run, prints a table, and writes it as JSON on demand.
 * The method is in docs/benchmarks.md.
 */
import { Command, InvalidArgumentError } from 'commander';
import { benchAllocation } from './allocation.js';
import {
  benchCommandBetween,
  benchIdleBetween,
  benchLatencyBetween,
  benchRawBetween,
} from './between-processes.js';
import { benchCommand } from './command.js';
import { benchLatencyInProcess } from './in-process-latency.js';
import { benchJoin } from './join.js';
import { whyMissing } from './processes/open-rdma.js';
import { benchRaw } from './raw.js';
import { benchRead } from './read.js';
import { printResults, writeResults, type Result } from './report.js';
import { benchSimulator } from './simulator.js';
import { benchTurn } from './turn.js';
import { benchViewChange } from './view-change.js';

const CASES = [
  'turn',
  'raw',
  'command',
  'read',
  'latency',
  'latency-idle',
  'idle-cpu',
  'allocation',
  'simulator',
  'view-change',
  'join',
] as const;
type Case = (typeof CASES)[number];
const BETWEEN_PROCESSES = ['shared-memory', 'libfabric-tcp', 'libfabric-shm'] as const;
const FABRICS = ['in-process', ...BETWEEN_PROCESSES, 'simulated'] as const;
type FabricName = (typeof FABRICS)[number];
/** Where each case runs. */
const FABRICS_OF: Readonly<Record<Case, readonly FabricName[]>> = {
  turn: ['in-process'],
  raw: ['in-process', ...BETWEEN_PROCESSES],
  command: ['in-process', ...BETWEEN_PROCESSES],
  read: ['in-process'],
  latency: ['in-process', ...BETWEEN_PROCESSES],
  'latency-idle': ['in-process', ...BETWEEN_PROCESSES],
  'idle-cpu': ['in-process', ...BETWEEN_PROCESSES],
  allocation: ['in-process'],
  simulator: ['simulated'],
  'view-change': ['shared-memory', 'libfabric-tcp'],
  join: ['shared-memory'],
};
const MEBIBYTE = 1024 * 1024;
/** Bytes of a payload. In one process a message must fit a quarter of a 4 MiB ring. */
const DEFAULT_SIZES: Readonly<Record<Case, readonly number[]>> = {
  turn: [],
  raw: [10, 100, 1024, 10_240, 102_400, MEBIBYTE],
  command: [10, 100, 1024, 10_240, 102_400, MEBIBYTE],
  read: [],
  latency: [100],
  'latency-idle': [100],
  'idle-cpu': [100],
  allocation: [100],
  simulator: [],
  'view-change': [],
  join: [1024],
};
/** Over libfabric fewer: what is between them follows from their neighbours. */
const NETWORK_SIZES: Partial<Record<Case, readonly number[]>> = {
  raw: [100, 10_240, MEBIBYTE],
  command: [100, 10_240],
};
const LARGEST_SIZE = MEBIBYTE;

interface Options {
  readonly json?: string;
  readonly only?: Case;
  readonly fabric?: FabricName;
  readonly size?: number;
  readonly seconds: number;
  readonly losses: number;
  readonly state: number;
}

const program = new Command('bench')
  .description('measures Bowecho against floors of the same run')
  .option('--json <file>', 'write the results there, too')
  .option('--only <case>', `one case: ${CASES.join(', ')}`, readCase)
  .option('--fabric <name>', `only cases on that fabric: ${FABRICS.join(', ')}`, readFabric)
  .option('--size <bytes>', 'payload size instead of the default ones', readSize)
  .option('--seconds <s>', 'seconds that each figure is measured for', readSeconds, 2)
  .option('--losses <n>', 'members that are lost in the case view-change, of each kind', readLosses, 6)
  .option('--state <mebibytes>', 'state that is learned in the case join', readMebibytes, 128);

function readCase(text: string): Case {
  const found = CASES.find(name => name === text);
  if (found === undefined)
    throw new InvalidArgumentError(`There is no case '${text}'; there are ${CASES.join(', ')}.`);
  return found;
}

function readFabric(text: string): FabricName {
  const found = FABRICS.find(name => name === text);
  if (found === undefined)
    throw new InvalidArgumentError(`There is no fabric '${text}'; there are ${FABRICS.join(', ')}.`);
  return found;
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

function readLosses(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError(`Losses are a whole number from 1 to 9999, not '${text}'.`);
}

function readMebibytes(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError(`Mebibytes of state are a whole number from 1 to 9999, not '${text}'.`);
}

function defaultSizes(name: Case, fabric: FabricName): readonly number[] {
  const isNetwork = fabric.startsWith('libfabric');
  return (isNetwork ? NETWORK_SIZES[name] : undefined) ?? DEFAULT_SIZES[name];
}

function isBetweenProcesses(fabric: FabricName): boolean {
  return BETWEEN_PROCESSES.some(name => name === fabric);
}

async function run(name: Case, fabric: FabricName, options: Options): Promise<Result[]> {
  const sizes = options.size === undefined ? defaultSizes(name, fabric) : [options.size];
  const isBetween = isBetweenProcesses(fabric);
  const between = { ...options, fabric };
  switch (name) {
    case 'turn':
      return benchTurn(options);
    case 'raw':
      return isBetween ? benchRawBetween(sizes, between) : benchRaw(sizes, options);
    case 'command':
      return isBetween ? benchCommandBetween(sizes, between) : benchCommand(sizes, options);
    case 'read':
      return benchRead(options);
    case 'latency':
    case 'latency-idle':
      return isBetween
        ? benchLatencyBetween(name, sizes[0]!, between)
        : benchLatencyInProcess(name, sizes[0]!, options);
    case 'idle-cpu':
      return isBetween ? benchIdleBetween(between) : benchLatencyInProcess(name, sizes[0]!, options);
    case 'allocation':
      return benchAllocation(sizes[0]!);
    case 'simulator':
      return benchSimulator(options);
    case 'view-change':
      return benchViewChange({ fabric, losses: options.losses });
    case 'join':
      return benchJoin({ fabric, size: sizes[0]!, mebibytes: options.state, seconds: options.seconds });
  }
}

const options = program.parse().opts<Options>();
const missing = new Set<FabricName>();
for (const fabric of BETWEEN_PROCESSES) {
  if (options.fabric !== undefined && fabric !== options.fabric) continue;
  const reason = await whyMissing(fabric);
  if (reason === undefined) continue;
  missing.add(fabric);
  console.log(`no cases on ${fabric}: ${reason}`);
}
const results: Result[] = [];
for (const name of CASES) {
  if (options.only !== undefined && name !== options.only) continue;
  for (const fabric of FABRICS_OF[name]) {
    if (options.fabric !== undefined && fabric !== options.fabric) continue;
    if (missing.has(fabric)) continue;
    results.push(...(await run(name, fabric, options)));
  }
}
printResults(results);
if (options.json !== undefined) writeResults(options.json, results);
