/** The command `bowecho`: what it was told is in command-line.ts, what it does in a file per command. */
import { readCommandLine } from './command-line.js';
import { doctor } from './doctor/doctor.js';
import { layout } from './layout/layout.js';
import { membership } from './membership/membership.js';
import { run } from './run.js';
import { sim } from './sim/sim.js';

await readCommandLine(process.argv, {
  run: async options => {
    const status = await run(options);
    if (status !== undefined) process.exitCode = status;
  },
  doctor: async options => {
    process.exitCode = await doctor(options);
  },
  sim: async options => {
    process.exitCode = await sim(options);
  },
  layout: async options => {
    process.exit(await layout(options)); // whatever the program has left open
  },
  membership,
});
