/**
 * probeFabric measures a fabric between two processes of this machine, without any of the protocol: how long a counter takes
 * there and back, and how fast a mebibyte after another arrives. It shows that the fabric works, and what it can do here.
 *
 * The processes are the probe's own: what hangs or crashes in a driver does so over there, and they are gone when it settles.
 */
import { BowechoError } from '@bowecho/core';
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { removeStaleSegments } from '../libfabric/stale-segments.js';
import type { FromProbe, ProbeTask, ToProbe } from './probe-process.js';

export interface ProbeResult {
  /** Of 8 bytes there and back, both sides looking all the time, in microseconds. */
  readonly roundTripMicros: { readonly p50: number; readonly p99: number };
  /** One way, in bytes a second. */
  readonly bytesPerSecond: number;
  /** What the fabric said when it was made. */
  readonly notes: readonly string[];
}

export interface ProbeOptions {
  /** As for `createFabric`. */
  readonly host?: string;
  /** Per measurement, of which there are two. Default 0.2. */
  readonly seconds?: number;
  /** How long the two may take for everything else, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
  /** Ends the probe: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 10_000;
/** From the wish that a process ends to its being killed. */
const GRACE_MS = 1_500;
/** The end of the other process, which says more, comes as soon as the fabric notices it. */
const NEWS_MS = 500;
/** Of what a process writes to its standard error. */
const MOST_WORDS = 200;
const PROCESS = fileURLToPath(new URL('probe-process.js', import.meta.url));

/**
 * @param name of a fabric between processes
 * @throws BowechoError FABRIC_UNAVAILABLE where the fabric cannot be made, or the two processes do not reach each other
 * @throws the reason of `signal`
 *
 * @example
 * const { roundTripMicros } = await probeFabric('libfabric-tcp');
 * console.log(`${roundTripMicros.p50} us there and back`);
 */
export async function probeFabric(name: string, options: ProbeOptions = {}): Promise<ProbeResult> {
  const { host = '127.0.0.1', seconds = 0.2, timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
  signal?.throwIfAborted();
  const [ping, pong] = (['ping', 'pong'] as const).map(
    role => new ProbeEnd({ role, fabric: name, host, seconds }),
  ) as [ProbeEnd, ProbeEnd];
  try {
    return await listen(ping, pong, { name, longestMs: timeoutMs + 2_000 * seconds, signal });
  } finally {
    const wasKilled = await Promise.all([ping, pong].map(end => end.end(signal?.aborted === true)));
    if (name === 'libfabric-shm' && wasKilled.includes(true)) removeStaleSegments();
  }
}

interface Listening {
  readonly name: string;
  readonly longestMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Has the two know each other, and resolves with what they find out. */
async function listen(
  ping: ProbeEnd,
  pong: ProbeEnd,
  { name, longestMs, signal }: Listening,
): Promise<ProbeResult> {
  const timers: NodeJS.Timeout[] = [];
  let stopListening: (() => void) | undefined;
  try {
    return await new Promise((resolve, reject) => {
      const refuse = (why: string): void =>
        reject(new BowechoError('FABRIC_UNAVAILABLE', `the probe of fabric '${name}' ended: ${why}`));
      const refuseAfter = (ms: number, why: string): void => void timers.push(setTimeout(refuse, ms, why));
      refuseAfter(longestMs, `its two processes were not done within ${longestMs / 1000} seconds`);
      const onAbort = (): void => reject(signal!.reason as Error);
      signal?.addEventListener('abort', onAbort);
      stopListening = () => signal?.removeEventListener('abort', onAbort);
      for (const [end, other] of [
        [ping, pong],
        [pong, ping],
      ] as const) {
        end.onMessage = message => {
          if ('refusal' in message) refuse(message.refusal);
          else if ('lost' in message) refuseAfter(NEWS_MS, message.lost);
          else if ('result' in message) resolve(message.result);
          else other.send(message);
        };
        end.onEnd = refuse;
      }
    });
  } finally {
    for (const timer of timers) clearTimeout(timer);
    stopListening?.();
    for (const end of [ping, pong]) end.onMessage = end.onEnd = undefined;
  }
}

/** One of the two processes. */
class ProbeEnd {
  onMessage: ((message: FromProbe) => void) | undefined;
  /** Hears in words how it ended. */
  onEnd: ((how: string) => void) | undefined;
  private readonly child: ChildProcess;
  /** It runs no more, and all that it wrote was read. */
  private readonly ended: Promise<unknown>;
  private words = '';

  constructor(task: ProbeTask) {
    // What a library writes must not get among what our caller writes; how it complains before a crash is worth telling.
    const child = fork(PROCESS, [JSON.stringify(task)], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.child = child;
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.words = (this.words + text).slice(0, MOST_WORDS);
    });
    child.on('message', (message: FromProbe) => this.onMessage?.(message));
    // Its own event 'close' does not come where we have hung up.
    const read = new Promise(resolve => child.stderr!.once('close', resolve));
    const exited = new Promise<string>(resolve => {
      child.once('error', error => resolve(`cannot be started: ${error.message}`));
      child.once('exit', (status, signal) =>
        resolve(signal === null ? `ended with status ${status}` : `was ended by ${signal}`),
      );
    });
    this.ended = Promise.all([exited, read]).then(([how]) => {
      const words = this.words.trim().replace(/\s+/g, ' ');
      this.onEnd?.(`one of its processes ${how}${words === '' ? '' : `, and had written: ${words}`}`);
    });
  }

  /** Where it cannot be told any more, its end says why. */
  send(message: ToProbe): void {
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  /** Resolves when it has ended, with whether it had to be killed. */
  async end(atOnce: boolean): Promise<boolean> {
    const { child } = this;
    if (child.connected) child.disconnect();
    let wasKilled = false;
    const kill = (): void => void (wasKilled = child.kill('SIGKILL') || wasKilled);
    const timer = setTimeout(kill, atOnce ? 0 : GRACE_MS);
    await this.ended;
    clearTimeout(timer);
    return wasKilled;
  }
}
