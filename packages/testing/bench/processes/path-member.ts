/**
 * One message after another, sent by the first member and delivered everywhere. Each member notes when it did what, by a
 * clock that all processes of a machine share.
 */
import type { Fabric, Region } from '@bowecho/core';
import { CountingApplication } from '../in-process-group.js';
import { startBareMember } from './bare-member.js';
import { job, myRank, report } from './job.js';
import { openRdma } from './open-rdma.js';

/** When the turn that pushed began with its poll, and when its push began and ended: microseconds of the machine's clock. */
export interface PushTimes {
  readonly turn: number;
  readonly push: number;
  readonly pushed: number;
}

/** By message. `sent`, `turn` and `delivered` are the sender's: the last turn is the one that delivered. */
export interface PathReport {
  readonly pushes: (PushTimes | undefined)[];
  readonly sent: number[];
  readonly turn: number[];
  readonly delivered: number[];
}

/** Code is cold before: messages. */
const WARM_UP = 10_000;
/** Messages that are reported. */
const MEASURED = 2_000;
const LAST = WARM_UP + MEASURED;

/** `process.hrtime` is the monotonic clock itself; `performance.now` begins at 0 in each process. */
function microsNow(): number {
  const [seconds, nanos] = process.hrtime();
  return seconds * 1e6 + nanos / 1000;
}

/** Another fabric, and when it was last asked for what. */
class TimedFabric implements Fabric {
  turn = 0;
  onPushed: (times: PushTimes) => void = () => undefined;

  constructor(private readonly inner: Fabric) {}

  get address(): Uint8Array {
    return this.inner.address;
  }
  register(bytes: number): Region {
    return this.inner.register(bytes);
  }
  connect(...there: Parameters<Fabric['connect']>): ReturnType<Fabric['connect']> {
    return this.inner.connect(...there);
  }
  disconnect(...peer: Parameters<Fabric['disconnect']>): void {
    this.inner.disconnect(...peer);
  }
  push(batch: Int32Array, count: number): number {
    const push = microsNow();
    const accepted = this.inner.push(batch, count);
    this.onPushed({ turn: this.turn, push, pushed: microsNow() });
    return accepted;
  }
  poll(): number {
    this.turn = microsNow();
    return this.inner.poll();
  }
  drain(events: Int32Array): number {
    return this.inner.drain(events);
  }
  arm(onReady: () => void): boolean {
    return this.inner.arm(onReady);
  }
  yieldProcessor(): void {
    this.inner.yieldProcessor();
  }
  close(onClosed: () => void): void {
    this.inner.close(onClosed);
  }
}

const fabric = new TimedFabric((await openRdma()).createFabric(job.fabric));
const payload = new Uint8Array(job.size).fill(1);
const pushes: (PushTimes | undefined)[] = [];
const [sent, turn, delivered]: [number[], number[], number[]] = [[], [], []];

class PathApplication extends CountingApplication {
  override deliver(...delivery: Parameters<CountingApplication['deliver']>): void {
    super.deliver(...delivery);
    turn.push(fabric.turn);
    delivered.push(microsNow());
    // As an awaited command does, the next one comes after the turn.
    if (myRank === 0 && this.delivered < LAST) queueMicrotask(sendOne);
    if (this.delivered === LAST) setTimeout(tell, 100);
  }
}

const application = new PathApplication();
const { member, loop } = startBareMember(fabric, application, () => {
  if (myRank === 0 && member.state === 'running' && sent.length === 0) sendOne();
  return 0;
});

/** The first push that carries a message (the sender's) or acknowledges it (the others'). */
fabric.onPushed = times => {
  const newest = myRank === 0 ? sent.length : (member.receivedMark(0)?.[0] ?? application.delivered);
  if (newest > 0) pushes[newest - 1] ??= times;
};

function sendOne(): void {
  sent.push(microsNow());
  member.send(0, payload);
  loop.wake();
}

function tell(): void {
  const tail = <T>(list: T[]): T[] => list.slice(WARM_UP, LAST);
  report({
    pushes: tail(pushes),
    sent: tail(sent),
    turn: tail(turn),
    delivered: tail(delivered),
  } satisfies PathReport);
}
