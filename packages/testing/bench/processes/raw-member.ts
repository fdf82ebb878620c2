/**
 * A bare member in a process of its own: no actors, no codec. It keeps as much under way as the ring takes, counts what is
 * delivered, and reports deliveries a second, and what its pushes were over a network.
 */
import { RunLoop, microsecondsNow, type Driven } from '@bowecho/actors';
import { Member, type ControlMessage } from '@bowecho/core';
import { everywhere, firstView } from '@bowecho/testing';
import { CountingApplication } from '../in-process-group.js';
import { medianRound } from '../measure.js';
import { job, myRank, onRelayed, relay, report } from './job.js';
import { openRdma } from './open-rdma.js';

export interface RawReport {
  /** Messages a second. */
  readonly rate: number;
  /** Of the whole run, over a network. */
  readonly pushes: number;
  readonly writes: number;
  readonly bytes: number;
}

const fabric = (await openRdma()).createFabric(job.fabric);
const application = new CountingApplication();
const member = new Member({
  view: firstView(job.members, [everywhere(job.members)]),
  myRank,
  ringBytes: job.ringBytes,
  queueBytes: 2 * job.ringBytes,
  ports: {
    fabric,
    application,
    control: {
      send: (to, message) => {
        relay({ to: to.id, message });
        return true;
      },
    },
  },
});
const payload = new Uint8Array(job.size).fill(1);
/** Messages that may be under way, and how many of them a sender queues in one turn, at most. */
const window = Math.max(2, Math.floor(job.ringBytes / 2 / (job.size + 32)));
const perTurn = Math.ceil(window / 2);
let sent = 0;

const driven: Driven = {
  doWork(now) {
    let queued = 0;
    if (myRank < job.senders && member.state === 'running') {
      for (; queued < perTurn && sent - application.mine < window; queued++, sent++) member.send(0, payload);
    }
    return queued + member.doWork(now);
  },
  get nextDeadline() {
    return member.nextDeadline;
  },
  get deliveriesPerTurn() {
    return member.deliveriesPerTurn;
  },
  set deliveriesPerTurn(limit) {
    member.deliveriesPerTurn = limit;
  },
};
const loop = new RunLoop(driven, fabric, error => {
  throw error;
});
onRelayed((_, value) => {
  const { to, message } = value as { to: string; message: ControlMessage };
  if (to !== member.view.members[myRank]!.id) return;
  member.receiveControl(message);
  loop.wake();
});
member.start();
loop.wake();
const keepAlive = setInterval(microsecondsNow, 1_000);
process.once('SIGTERM', () => process.exit());
const rate = await medianRound(() => application.delivered, job.seconds);
report({ rate, ...fabric.networkCounts() } satisfies RawReport);
keepAlive.ref();
