/** The command `bowecho`: what it was told is in command-line.ts, what it does in a file per command. */
import { readCommandLine } from './command-line.js';
import { run } from './run.js';

await readCommandLine(process.argv, async options => {
  const status = await run(options);
  if (status !== undefined) process.exitCode = status;
});
