/**
 * The module that a launcher has its members load before their program. It makes a member leave when its launcher is
 * gone, however that ended: the system closes the channel between them even after a SIGKILL, when the launcher itself
 * could do nothing more. The member is asked by SIGTERM, and killed if it has not ended some time later; how long is in
 * the query of this module's own URL, so that no environment variable is spent on it.
 *
 * Nothing of it keeps a program alive that would end by itself. Node holds a process whose channel somebody listens to;
 * our listener must not count, and the program's own must, as they would without us.
 *
 * In a worker thread, and in a process without a channel, it does nothing: a program may hand its Node options on.
 */
import { isMainThread } from 'node:worker_threads';

/** The query parameter of this module's URL: milliseconds from SIGTERM to SIGKILL. */
const GRACE = 'graceMs';

if (isMainThread && process.channel !== undefined) {
  process.on('disconnect', leave);
  countOnlyTheProgramsListeners();
}

function leave(): void {
  process.kill(process.pid, 'SIGTERM');
  const graceMs = Number(new URL(import.meta.url).searchParams.get(GRACE));
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), graceMs).unref();
}

/** Asking for `unref` ends Node's own counting for the rest of the process, so the counting is done here. */
function countOnlyTheProgramsListeners(): void {
  let count = 0;
  process.channel?.unref();
  process.on('newListener', (event: string | symbol) => {
    if (isOfChannel(event) && count++ === 0) process.channel?.ref();
  });
  process.on('removeListener', (event: string | symbol) => {
    if (isOfChannel(event) && --count === 0) process.channel?.unref();
  });
}

function isOfChannel(event: string | symbol): boolean {
  return event === 'message' || event === 'disconnect';
}
