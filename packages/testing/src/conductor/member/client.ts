/**
 * Client makes calls of a member without end: so many lanes, each with one call under way, and a short rest between two.
 *
 * All members call the same lists at the same time, which the clock picks: every few milliseconds there are new ones. So
 * the history of each list is short, which makes it cheap to judge, and full of calls that overlap. Some reads ask lists of
 * the last second: a member that slept through it does not have them, and shows that if it answers.
 */
import { BowechoError, type Ref } from '@bowecho/actors';
import type { Random } from '../../random.js';
import type { Answer, CallEnd } from '../round-record.js';
import type { CommandList } from './command-list.js';
import type { MemberFiles } from './member-files.js';
import { monotonicMicros } from './monotonic.js';

export interface ClientOptions {
  readonly id: string;
  /** Calls under way, at most. */
  readonly lanes: number;
  readonly random: Random;
  readonly files: MemberFiles;
  readonly listOf: (key: string) => Ref<CommandList>;
}

/** How long lists are in use, microseconds. */
const EPOCH = 50_000;
/** Lists that are in use at a time. */
const LISTS = 16;
/** How many epochs back reads go, those that do. */
const PAST = 20;
/** The longest rest of a lane, milliseconds. */
const LONGEST_REST_MS = 20;

export class Client {
  private readonly lanes: Promise<void>[];
  private calls = 0;
  private isStopping = false;

  constructor(private readonly options: ClientOptions) {
    this.lanes = Array.from({ length: options.lanes }, () => this.lane());
  }

  /** Resolves when all calls under way have ended. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await Promise.all(this.lanes);
  }

  private async lane(): Promise<void> {
    const { random } = this.options;
    while (!this.isStopping) {
      if (await this.call()) return;
      await new Promise(resolve => setTimeout(resolve, random.below(LONGEST_REST_MS)));
    }
  }

  /** @returns whether there is no group any more */
  private async call(): Promise<boolean> {
    const { id, random, files, listOf } = this.options;
    const number = ++this.calls;
    const command = random.chance(0.5) ? `${id}-${number}` : undefined;
    const at = monotonicMicros();
    const isOfPast = command === undefined && random.chance(0.5);
    const epoch = Math.floor(at / EPOCH) - (isOfPast ? random.between(1, PAST) : 0);
    const key = `k${epoch}.${random.below(LISTS)}`;
    const list = listOf(key);
    files.called(number, at, key, command);
    const end = await endOf(command === undefined ? list.read() : list.append(command));
    files.returned(number, end);
    return 'error' in end && (end.error.code === 'HALTED' || end.error.code === 'CLOSED');
  }
}

async function endOf(call: Promise<Answer>): Promise<CallEnd> {
  try {
    const value = await call;
    return { at: monotonicMicros(), value };
  } catch (error) {
    if (!(error instanceof BowechoError)) throw error;
    const { code, didExecute = 'unknown', message } = error;
    return { at: monotonicMicros(), error: { code, didExecute, message } };
  }
}
