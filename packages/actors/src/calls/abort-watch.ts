/**
 * AbortWatch ends waits by their signals. Callers often give one signal to thousands of calls, and an `AbortSignal` looks
 * through all its listeners at each addition and removal: with a listener per call, 40,000 calls took 4 seconds and a
 * warning about a leak. So a signal has one listener, for as long as anything here waits for it.
 */
interface Watched<T> {
  readonly waiting: Set<T>;
  readonly listener: () => void;
}

export class AbortWatch<T> {
  private readonly signals = new Map<AbortSignal, Watched<T>>();

  /** @param onAbort hears of each item whose signal is aborted, in the order of adding */
  constructor(private readonly onAbort: (item: T, signal: AbortSignal) => void) {}

  /** Watches a signal that is not aborted yet. Pair it with `remove`. */
  add(signal: AbortSignal, item: T): void {
    let watched = this.signals.get(signal);
    if (watched === undefined) {
      watched = { waiting: new Set(), listener: () => this.aborted(signal) };
      this.signals.set(signal, watched);
      signal.addEventListener('abort', watched.listener, { once: true });
    }
    watched.waiting.add(item);
  }

  /** Stops watching for this item; does nothing after the signal. */
  remove(signal: AbortSignal, item: T): void {
    const watched = this.signals.get(signal);
    if (watched === undefined) return;
    watched.waiting.delete(item);
    if (watched.waiting.size > 0) return;
    this.signals.delete(signal);
    signal.removeEventListener('abort', watched.listener);
  }

  private aborted(signal: AbortSignal): void {
    const { waiting } = this.signals.get(signal)!;
    this.signals.delete(signal);
    for (const item of waiting) this.onAbort(item, signal);
  }
}
