/** The command line of `npm run soak`, for commander. */
import { Command, InvalidArgumentError } from 'commander';

export interface SoakCommandOptions {
  readonly kills?: number;
  readonly minutes: number;
  readonly pauses: number;
  readonly cuts: number;
  readonly fabric?: string;
  readonly seed?: string;
  readonly suspicion: number;
  readonly check?: string;
}

const LEAST_SUSPICION_MS = 100;
const MOST_SUSPICION_MS = 60_000;

export function soakCommand(): Command {
  return new Command('soak')
    .description(
      'Kills, stops and cuts off members of real groups while they work, and judges what they were answered.',
    )
    .option('--kills <n>', 'members to kill by SIGKILL; as many as time allows where left out', wholeNumber)
    .option('--minutes <m>', 'time for all of it', positiveNumber, 5)
    .option('--pauses <n>', 'SIGSTOPs, half of them beyond the suspicion time', wholeNumber, 0)
    .option('--cuts <n>', 'links or members to cut off; over libfabric-tcp', wholeNumber, 0)
    .option('--fabric <name>', 'what connects members; the best there is where left out')
    .option('--seed <text>', 'which faults, at whom and when; another one each time where left out')
    .option('--suspicion <ms>', 'the suspicion time of members', suspicion, 1_000)
    .option('--check <folder>', 'judges a round that was kept once more, and does nothing else');
}

function wholeNumber(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 0 to 9999999.');
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (value > 0 && value < Infinity) return value;
  throw new InvalidArgumentError('It must be a number above 0.');
}

function suspicion(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= LEAST_SUSPICION_MS && value <= MOST_SUSPICION_MS) return value;
  throw new InvalidArgumentError(
    `It must be a whole number of milliseconds from ${LEAST_SUSPICION_MS} to ${MOST_SUSPICION_MS}.`,
  );
}
