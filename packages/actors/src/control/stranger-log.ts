/**
 * StrangerLog tells of connections to the control port that came to nothing, without letting them fill the log: each kind
 * of event once per remote host, and at most one line a second in all. Lines that must wait do so in a short queue; what
 * is left out is counted, and the next line says how many.
 */
const QUIET_MILLIS = 1_000;
const MAX_WAITING = 16;
/** Pairs of host and kind that are remembered as told; the oldest are forgotten, and may be told again. */
const MAX_TOLD = 1_024;

export class StrangerLog {
  private readonly told = new Set<string>();
  private readonly waiting: string[] = [];
  private leftOut = 0;
  /** Ends the wait after a line, while there is one. */
  private endWait: (() => void) | undefined;

  /**
   * @param write takes one line
   * @param wait calls `then` after a second, unless the function that it returns is called before
   */
  constructor(
    private readonly write: (line: string) => void,
    private readonly wait: (then: () => void) => () => void = waitSecond,
  ) {}

  /** Reports an event of a remote host. `kind` names it among the events of that host. */
  report(host: string, kind: string, sentence: string): void {
    const key = `${host} ${kind}`;
    if (this.told.has(key) || this.waiting.length >= MAX_WAITING) {
      this.leftOut++;
      return;
    }
    this.remember(key);
    if (this.endWait === undefined) this.tell(sentence);
    else this.waiting.push(sentence);
  }

  /** Ends the log; what waits is counted in a last line. */
  close(): void {
    this.endWait?.();
    const missing = this.leftOut + this.waiting.length;
    if (missing > 0) this.write(`${connections(missing)} came to nothing and had no line in this log`);
    this.leftOut = this.waiting.length = 0;
  }

  private remember(key: string): void {
    this.told.add(key);
    if (this.told.size > MAX_TOLD) this.told.delete(this.told.values().next().value!);
  }

  private tell(sentence: string): void {
    this.write(
      this.leftOut === 0 ? sentence : `${sentence} (${connections(this.leftOut)} had no line before)`,
    );
    this.leftOut = 0;
    this.endWait = this.wait(this.onWaited);
  }

  private readonly onWaited = (): void => {
    this.endWait = undefined;
    const next = this.waiting.shift();
    if (next !== undefined) this.tell(next);
  };
}

function waitSecond(then: () => void): () => void {
  // It must not keep the process alive: what waits is only words.
  const timer = setTimeout(then, QUIET_MILLIS).unref();
  return () => clearTimeout(timer);
}

function connections(count: number): string {
  return count === 1 ? '1 more connection' : `${count} more connections`;
}
