/**
 * The main module of a member process: a bare member of core over verbs, driven by the loop that drives members in production. It
 * sends the messages of load.ts, as many at once as a window allows, and records what is delivered. Nobody tells it of the end
 * of another process: what it knows, it knows from its fabric.
 */
import { RunLoop } from '@bowecho/actors';
import {
  Member,
  type Application,
  type ControlMessage,
  type Delivery,
  type StateChange,
  type View,
} from '@bowecho/core';
import { createFabric } from '@bowecho/rdma';
import { FoldApplication, everywhere, firstView, hashBytes } from '@bowecho/testing';
import { LARGEST_BYTES, fillPayload, lengthOf } from './load.js';
import type { FromMember, MemberReport, ToMember } from './member-conversation.js';
import { pinnedKiB } from './pinned-memory.js';
import { VERBS, VERBS_HOST } from './verbs-host.js';

/** A message takes at most a quarter of it. */
const RING_BYTES = 512 * 1024;
/** Of messages that this member sent and has not delivered itself. */
const WINDOW_BYTES = RING_BYTES / 2;
const MESSAGES_PER_TURN = 16;
/** The processor is emulated, and slow: nobody is to be taken for dead who is not. */
const SUSPICION_MICROS = 20_000_000;

function tell(told: FromMember): void {
  // The test may be gone, which ends this process; there is nobody to tell of it.
  process.send!(told, undefined, undefined, () => undefined);
}

/** Records what is delivered, and folds it into a state. */
class Recorder extends FoldApplication implements Application {
  readonly sender: number[] = [];
  readonly vid: number[] = [];
  readonly ordinal: number[] = [];
  readonly time: number[] = [];
  readonly length: number[] = [];
  readonly hash: number[] = [];
  readonly digests: number[] = [];
  mine = 0;
  halted: string | undefined;

  private endReason = '';

  constructor(
    private readonly milestone: number,
    private view: View,
  ) {
    super();
  }

  override deliver(delivery: Delivery): void {
    const { set, vid, ordinal, time, memory, offset, length } = delivery;
    const hash = hashBytes(memory, offset, length);
    const sender = Number(this.view.members[delivery.sender]!.id.slice(1));
    this.apply(set, sender, hash);
    this.sender.push(sender);
    this.vid.push(vid);
    this.ordinal.push(ordinal);
    this.time.push(time);
    this.length.push(length);
    this.hash.push(hash);
    this.digests.push(this.digest(set));
    if (delivery.isMine) this.mine++;
    if (this.sender.length === this.milestone) tell({ tell: 'reached' });
  }
  override onViewEntered(...[view]: readonly View[]): void {
    this.view = view!;
  }
  override onViewInstalled(...[view]: readonly View[]): void {
    if (view!.vid > 0) tell({ tell: 'goesOn', reason: this.endReason });
  }
  override onStateChanged(...[change]: readonly StateChange[]): void {
    if (change!.to === 'wedged') this.endReason = change!.reason;
  }
  override onHalted(...[error]: readonly unknown[]): void {
    this.halted = String(error);
  }
}

class Run {
  private readonly said: string[] = [];
  private readonly fabric = createFabric(VERBS, { host: VERBS_HOST, say: words => this.said.push(words) });
  private readonly recorder: Recorder;
  private readonly member: Member;
  private readonly loop: RunLoop;
  private readonly payload = new Uint8Array(LARGEST_BYTES);
  private readonly rank: number;
  private readonly messages: number;
  private sent = 0;
  /** Of my messages: the next to be delivered here, and the bytes from there on. */
  private delivered = 0;
  private bytesUnderWay = 0;

  constructor({ rank, members, messages, milestone }: Extract<ToMember, { do: 'begin' }>) {
    this.rank = rank;
    this.messages = messages;
    const view = firstView(members, [everywhere(members)]);
    this.recorder = new Recorder(milestone, view);
    this.member = new Member({
      view,
      myRank: rank,
      ringBytes: RING_BYTES,
      queueBytes: 2 * RING_BYTES,
      suspicionMicros: SUSPICION_MICROS,
      ports: {
        fabric: this.fabric,
        application: this.recorder,
        control: {
          send: (to, message) => {
            tell({ tell: 'control', to: to.id, message });
            return true;
          },
        },
      },
    });
    const { member } = this;
    const send = (): number => this.send();
    this.loop = new RunLoop(
      {
        doWork: now => send() + member.doWork(now),
        get nextDeadline() {
          return member.nextDeadline;
        },
        get deliveriesPerTurn() {
          return member.deliveriesPerTurn;
        },
        set deliveriesPerTurn(limit) {
          member.deliveriesPerTurn = limit;
        },
      },
      this.fabric,
      error => {
        throw error;
      },
    );
    member.start();
    this.loop.wake();
  }

  hear(message: ControlMessage): void {
    const problem = this.member.receiveControl(message);
    // What is said about a view that has ended here meanwhile is refused.
    if (problem !== undefined && this.member.view.vid === 0) throw new Error(problem);
    this.loop.wake();
  }

  report(): MemberReport {
    const { member, recorder, said, sent } = this;
    const { sender, vid, ordinal, time, length, hash, digests, halted } = recorder;
    return {
      state: member.state,
      waitingFor: member.waitingFor(),
      description: member.describe(),
      halted,
      sent,
      said,
      pinnedKiB: pinnedKiB(),
      sender,
      vid,
      ordinal,
      time,
      length,
      hash,
      digest: digests,
    };
  }

  close(onClosed: () => void): void {
    this.loop.stop();
    this.member.close();
    this.fabric.close(onClosed);
  }

  private send(): number {
    if (this.member.state !== 'running') return 0;
    for (; this.delivered < this.recorder.mine; this.delivered++) {
      this.bytesUnderWay -= lengthOf(this.rank, this.delivered);
    }
    let queued = 0;
    while (queued < MESSAGES_PER_TURN && this.sent < this.messages && this.bytesUnderWay < WINDOW_BYTES) {
      const length = fillPayload(this.payload, this.rank, this.sent);
      this.member.send(0, this.payload, length);
      this.bytesUnderWay += length;
      this.sent++;
      queued++;
    }
    return queued;
  }
}

let run: Run | undefined;

process.on('message', (asked: ToMember) => {
  switch (asked.do) {
    case 'begin':
      run = new Run(asked);
      break;
    case 'hear':
      run!.hear(asked.message);
      break;
    case 'report':
      tell({ tell: 'report', report: run!.report() });
      break;
    case 'close':
      run!.close(() => {
        run = undefined;
        tell({ tell: 'closed', pinnedKiB: pinnedKiB() });
      });
      break;
    case 'hangUp':
      process.disconnect();
  }
});
process.once('disconnect', () => {
  if (run !== undefined) process.exit(1); // the test is gone, and a busy loop would go on
});
tell({ tell: 'listens' });
