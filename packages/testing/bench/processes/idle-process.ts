/** A process that does nothing but be there: what Node itself costs. */
import { createServer } from 'node:net';
import { idlePercent } from '../latencies.js';
import { job, report } from './job.js';

createServer().listen(0, '127.0.0.1');
process.once('SIGTERM', () => process.exit());
report(await idlePercent(job.seconds));
