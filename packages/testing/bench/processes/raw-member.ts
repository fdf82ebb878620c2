/**
 * A bare member in a process of its own. It keeps as much under way as the ring takes, counts what is delivered, and reports
 * deliveries a second, and what its pushes were over a network.
 */
import { CountingApplication } from '../in-process-group.js';
import { medianRound } from '../measure.js';
import { startBareMember } from './bare-member.js';
import { job, myRank, report } from './job.js';
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
const payload = new Uint8Array(job.size).fill(1);
/** Messages that may be under way, and how many of them a sender queues in one turn, at most. */
const window = Math.max(2, Math.floor(job.ringBytes / 2 / (job.size + 32)));
const perTurn = Math.ceil(window / 2);
let sent = 0;

startBareMember(fabric, application, member => {
  if (myRank >= job.senders || member.state !== 'running') return 0;
  let queued = 0;
  for (; queued < perTurn && sent - application.mine < window; queued++, sent++) member.send(0, payload);
  return queued;
});
const rate = await medianRound(() => application.delivered, job.seconds);
report({ rate, ...fabric.networkCounts() } satisfies RawReport);
