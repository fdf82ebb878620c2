/** A member with actors in a process of its own: it calls as the job says, and reports what it measured. */
import { createCluster, type FabricName } from '@bowecho/actors';
import { idlePercent, latenciesOf, IDLE_GAP_MS } from '../latencies.js';
import { Ledger } from '../ledger.js';
import { medianRound } from '../measure.js';
import { callsUnderWay } from '../ring-size.js';
import { job, myRank, report } from './job.js';

/** Calls in flight per sending member. */
const LANES = 1_000;

const { ringBytes, size, seconds } = job;
const fabric = job.fabric as FabricName;
const cluster = await createCluster({ fabric, actors: [Ledger], log: false, ringBytes });
await cluster.whenReady();
const ledger = cluster.get(Ledger, 'main');
const memo = 'm'.repeat(size);
const isSender = myRank < job.senders;

let answered = 0;
async function lane(): Promise<never> {
  for (;;) {
    await ledger.add(1, memo);
    answered++;
  }
}

switch (job.kind) {
  case 'command': {
    const lanes = callsUnderWay(LANES, size);
    if (isSender) for (let i = 0; i < lanes; i++) lane().catch(() => process.exit()); // the view ended: all is measured
    report(await medianRound(() => answered, seconds));
    break;
  }
  case 'latency':
  case 'latency-idle': {
    const gap = job.kind === 'latency' ? 0 : IDLE_GAP_MS;
    report(isSender ? await latenciesOf(() => ledger.add(1, memo), seconds, gap) : undefined);
    break;
  }
  default:
    await ledger.add(1, memo);
    report(await idlePercent(seconds));
}
