/**
 * StopSignals hears the signals that ask a run to end. A second Ctrl-C means "at once": but one Ctrl-C may arrive twice,
 * from the terminal and from an npm that passes it on, so a SIGINT counts as a second one only some time after the first.
 */

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

const STOP_SIGNALS: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** What a Ctrl-C and its echo may lie apart, milliseconds; a person needs longer for two. */
const ECHO_MS = 200;

/** What is needed of `process`. */
export interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown;
  off(signal: StopSignal, listener: () => void): unknown;
}

export class StopSignals {
  private readonly listeners = STOP_SIGNALS.map(signal => [signal, (): void => this.hear(signal)] as const);
  private interruptedAt = -Infinity;

  /**
   * @param onStop hears of every signal, repeated ones too
   * @param onHurry hears of every SIGINT after the first one
   * @param now milliseconds of any clock that does not go back
   */
  constructor(
    private readonly source: SignalSource,
    private readonly onStop: (signal: StopSignal) => void,
    private readonly onHurry: () => void,
    private readonly now: () => number = () => performance.now(),
  ) {
    for (const [signal, listener] of this.listeners) source.on(signal, listener);
  }

  /** Hears nothing from now on. */
  stopListening(): void {
    for (const [signal, listener] of this.listeners) this.source.off(signal, listener);
  }

  private hear(signal: StopSignal): void {
    if (signal === 'SIGINT') {
      const now = this.now();
      if (this.interruptedAt === -Infinity) this.interruptedAt = now;
      else if (now - this.interruptedAt > ECHO_MS) return this.onHurry();
    }
    this.onStop(signal);
  }
}
