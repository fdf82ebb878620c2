/**
 * A member with actors in a process of its own that others may lose: it calls all the time, and tells when it runs a
 * view, and what the longest time between two answers of its calls was until then.
 */
import { createCluster, type FabricName } from '@bowecho/actors';
import { Ledger } from '../ledger.js';
import { job } from './job.js';

/** What a member tells of a view that it runs. */
export interface ViewReport {
  readonly view: number;
  readonly members: readonly string[];
  /** Microseconds since 1970, by the clock of this machine. */
  readonly at: number;
}

/** Calls in flight per member. */
const LANES = 16;

function microsNow(): number {
  return (performance.timeOrigin + performance.now()) * 1000;
}

const fabric = job.fabric as FabricName;
const cluster = await createCluster({
  fabric,
  actors: [Ledger],
  log: false,
  ringBytes: job.ringBytes,
  suspicionTimeout: job.suspicionMs!,
});
cluster.on('view', ({ id, members }) => {
  process.send!({ view: id, members, at: microsNow() } satisfies ViewReport);
});
await cluster.whenReady();
process.send!({ view: 0, members: cluster.view!.members, at: microsNow() } satisfies ViewReport);
const ledger = cluster.get(Ledger, 'main');

/** Ends with the group: a member that was stopped for too long is out of it. */
async function lane(): Promise<void> {
  for (;;) {
    try {
      await ledger.add(1, 'm');
    } catch {
      return;
    }
  }
}
for (let i = 0; i < LANES; i++) void lane();
