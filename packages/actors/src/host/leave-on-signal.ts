/**
 * SIGTERM means leave: each cluster of the process has what was sent delivered, leaves its group, and then the process
 * ends by the signal, as it would have without us. So does SIGINT, where the program does not listen to it itself.
 *
 * A program with its own listener for the signal decides itself when it ends. A second signal ends the process at once.
 */

/** What leaves. */
interface Leaver {
  readonly isInGroup: boolean;
  close(): Promise<void>;
}

const leavers = new Set<Leaver>();
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Has `leaver` leave on a signal; call what is returned once it has left. */
export function leaveOnSignal(leaver: Leaver): () => void {
  if (leavers.size === 0) {
    // First in line: a listener that the program has for one time is gone by the time that later ones are called.
    for (const signal of SIGNALS) process.prependListener(signal, leaveAll);
  }
  leavers.add(leaver);
  return () => {
    leavers.delete(leaver);
    if (leavers.size === 0) stopListening();
  };
}

function leaveAll(signal: NodeJS.Signals): void {
  const isOurs = process.listenerCount(signal) === 1;
  if (signal === 'SIGINT' && !isOurs) return;
  // A program that ends anyway is not told that there will be no group: that would be an error that nobody catches.
  const leaving = [...leavers].filter(leaver => leaver.isInGroup || !isOurs);
  stopListening();
  void Promise.allSettled(leaving.map(leaver => leaver.close())).then(() => {
    if (isOurs) process.kill(process.pid, signal);
  });
}

function stopListening(): void {
  for (const signal of SIGNALS) process.off(signal, leaveAll);
}
