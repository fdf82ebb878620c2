/**
 * Ctrl-C stops the feed and lets the demo report on what was sent; a second one ends everything at once. Started by npm,
 * one Ctrl-C arrives twice within milliseconds, from the terminal and from npm, so a second one counts only when a person
 * could have meant it.
 */

/** What a Ctrl-C and its echo may lie apart, milliseconds. */
const ECHO_MS = 200;

/** The exit status after Ctrl-C, as shells have it. */
export const INTERRUPTED = 130;

/** From now on Ctrl-C aborts the signal that is returned, and a second one ends this process. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  let interruptedAt = Infinity;
  process.on('SIGINT', () => {
    if (performance.now() - interruptedAt > ECHO_MS) process.exit(INTERRUPTED);
    interruptedAt = Math.min(interruptedAt, performance.now());
    controller.abort(new Error('interrupted before any flight was sent'));
  });
  return controller.signal;
}
