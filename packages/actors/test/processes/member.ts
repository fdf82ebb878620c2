/**
 * The program of every member in these tests. It does what the test tells it: `begin` makes its cluster, and every other
 * task is a function of the test itself, which is sent as text and runs here (see group.ts). So a test reads from top to
 * bottom, though it happens in several processes.
 *
 * What a test cannot ask for, because it happens by itself, is told as an event: views, the halt, dead letters, log lines.
 */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { runInThisContext } from 'node:vm';
import {
  ActorError,
  BowechoError,
  Command,
  Query,
  Replicated,
  createCluster,
  type Cluster,
  type ClusterConfig,
  type Log,
  type View,
} from '@bowecho/actors';
import type { Answer, Failure, Outcome, Task, Told } from './conversation.js';

/** By actor name: what was delivered at this process, in its order. Beside the state, so it can be read after a halt. */
const delivered: Record<string, string[]> = { ledger: [], pair: [] };

/** A list of texts. A text that is appended twice would show in `delivered`. */
abstract class List {
  protected readonly places = new Map<string, number>();

  protected add(name: string, text: string): number {
    delivered[name]!.push(text);
    const place = this.places.size;
    this.places.set(text, place);
    return place;
  }
}

/** A replica at every member. */
@Replicated({ name: 'ledger', replicas: 64 })
export class Ledger extends List {
  /** After how many texts each view came: in the state, so that digests tell whether that was the same everywhere. */
  private readonly viewPlaces: string[] = [];
  onViewChange({ id }: View): void {
    this.viewPlaces.push(`view ${id} after ${this.places.size}`);
  }
  @Command() append(text: string): number {
    return this.add('ledger', text);
  }
  @Command() appendBytes(bytes: Uint8Array): number {
    return this.add('ledger', `${bytes.length} bytes`);
  }
  @Query() size(): number {
    return this.places.size;
  }
  @Query() views(): string[] {
    return this.viewPlaces;
  }
  @Query() placeOf(text: string): number | undefined {
    return this.places.get(text);
  }
}

/** Two replicas, whatever the number of members: others forward their calls. */
@Replicated({ name: 'pair', replicas: 2 })
export class Pair extends List {
  @Command() append(text: string): number {
    return this.add('pair', text);
  }
  @Command() refuse(text: string): number {
    this.places.set(text, -1);
    throw new ActorError('REFUSED', `no ${text} here`, { text, places: this.places.size });
  }
  @Query() size(): number {
    return this.places.size;
  }
}

/** The same, and with fewer than two it does not work. */
@Replicated({ name: 'pair', replicas: { min: 2, max: 2 } })
class PairOfTwo extends Pair {}

/** The same name as `Ledger`, and something else. */
@Replicated({ name: 'ledger', version: 2, replicas: 64 })
class OtherLedger {
  private value = 0;
  @Command() append(text: string): number {
    return (this.value += text.length);
  }
}

/** What a test's function finds here. */
export interface Here {
  /** Once it has begun. */
  readonly cluster: Cluster;
  readonly Ledger: typeof Ledger;
  readonly Pair: typeof Pair;
  readonly PairOfTwo: typeof PairOfTwo;
  readonly delivered: typeof delivered;
  /** How a call ended. Never rejects. */
  settle(call: Promise<unknown>): Promise<Outcome>;
  /** How each of up to `count` calls ended, with at most `window` of them under way. No new ones after a halt, or `stopLoads`. */
  settleAll(count: number, window: number, make: (index: number) => Promise<unknown>): Promise<Outcome[]>;
  /** Has every `settleAll` begin no more calls. */
  stopLoads(): void;
  /** What this process still has open or mapped of shared memory, some turns after it was closed. */
  sharedMemoryLeft(): Promise<string[]>;
}

let cluster: Cluster | undefined;
/** Whether no new calls are to be made. */
let isOver = false;

const here: Here = {
  get cluster() {
    if (cluster === undefined) throw new Error('this member has not begun');
    return cluster;
  },
  Ledger,
  Pair,
  PairOfTwo,
  delivered,
  settle: call =>
    call.then(
      value => ({ ok: true, value }) as const,
      (error: unknown) => ({ ok: false, ...failureOf(error) }) as const,
    ),
  settleAll: async (count, window, make) => {
    const outcomes: Outcome[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < count && !isOver) {
        const index = next++;
        const outcome = await here.settle(make(index));
        outcomes[index] = outcome;
        // A call that is refused at once settles without a turn of the event loop, and then nothing else would happen.
        if (!outcome.ok) await nextTurn();
      }
    };
    await Promise.all(Array.from({ length: window }, worker));
    return outcomes;
  },
  stopLoads: () => {
    isOver = true;
  },
  sharedMemoryLeft: async () => {
    // Node lets go of memory that was lent to it in a later turn than the one that detached it.
    for (let turns = 0; turns < 100 && sharedMemory().length > 0; turns++) await nextTurn();
    return sharedMemory();
  },
};

function sharedMemory(): string[] {
  const descriptors = readdirSync('/proc/self/fd').map(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // the one by which the folder was read
    }
  });
  const mappings = readFileSync('/proc/self/maps', 'utf8').split('\n');
  return [...descriptors, ...mappings].filter(text => text.includes('/memfd:bowecho'));
}

function failureOf(error: unknown): Failure {
  if (error instanceof BowechoError) {
    const { code, message, didExecute, problems } = error;
    return { code, message, didExecute, problems, details: undefined };
  }
  if (error instanceof ActorError) {
    const { code, message, didExecute, details } = error as ActorError;
    return { code, message, didExecute, problems: [], details };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'UNTYPED', message, didExecute: undefined, problems: [], details: undefined };
}

function tell(told: Told | Answer): void {
  // The test may be gone, which ends this process; there is nobody to tell of it.
  process.send?.(told, undefined, undefined, () => undefined);
}

function logTo(level: string): Log['info'] {
  return (first: string | object, second?: string) => {
    const text = typeof first === 'string' ? first : String(second);
    const fields = typeof first === 'object' ? JSON.stringify(first) : '';
    tell({ kind: 'event', name: 'log', text: `${level} ${text} ${fields}` });
  };
}

async function begin(more: Partial<ClusterConfig>): Promise<void> {
  const ignored = (): void => undefined;
  const log: Log = {
    trace: ignored,
    debug: ignored,
    info: logTo('info'),
    warn: logTo('warn'),
    error: logTo('error'),
  };
  cluster = await createCluster({ actors: [Ledger, Pair], ringBytes: 65_536, log, ...more });
  cluster.on('view', ({ id, members, left }) => {
    const without = left.length > 0 ? ` without ${left.join(', ')}` : '';
    tell({ kind: 'event', name: 'view', text: `view ${id} of ${members.join(', ')}${without}` });
  });
  cluster.on('halted', reason => {
    isOver = true;
    tell({ kind: 'event', name: 'halted', text: reason });
  });
  cluster.on('deadLetter', error => {
    const { code, message } = failureOf(error);
    tell({ kind: 'event', name: 'deadLetter', text: `${code} ${message}` });
  });
}

async function perform(task: Task): Promise<unknown> {
  if (task.kind === 'begin') {
    const { hasOtherLedger, isWithoutPair, needsTwo, ...config } = task.config;
    const ledger = hasOtherLedger === true ? OtherLedger : Ledger;
    const pair = needsTwo === true ? PairOfTwo : Pair;
    return begin({ ...config, actors: isWithoutPair === true ? [ledger] : [ledger, pair] });
  }
  const work = runInThisContext(`(${task.source})`) as (...args: unknown[]) => unknown;
  return work(here, ...task.args);
}

process.on('message', (task: Task) => {
  void perform(task).then(
    value => tell({ kind: 'answer', id: task.id, value, failure: undefined }),
    (error: unknown) => tell({ kind: 'answer', id: task.id, value: undefined, failure: failureOf(error) }),
  );
});
tell({ kind: 'event', name: 'started', text: '' });
