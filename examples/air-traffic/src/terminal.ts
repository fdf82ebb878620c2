/**
 * Terminal writes for a person: lines, and a progress line that is written over itself. Where the output is no terminal
 * there are no colours, and progress is a plain line now and then, so that a log of it reads well.
 */
import { styleText } from 'node:util';
import type { Emphasis } from './report.js';

/** What a Terminal needs of a stream; `process.stdout` has it. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Between two progress lines, milliseconds. */
const TTY_INTERVAL_MS = 100;
const PLAIN_INTERVAL_MS = 2_000;

const STYLES = {
  title: 'bold',
  heading: 'dim',
  good: 'green',
  bad: 'red',
} as const;

/** Back to the first column, and clears the line. */
const OVER = '\r\x1b[2K';

export class Terminal {
  private readonly isTty: boolean;
  private readonly hasColours: boolean;
  private progressAt: number;
  private hasProgress = false;

  /** @param now milliseconds of any clock that does not go back */
  constructor(
    private readonly output: Output,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.isTty = output.isTTY === true;
    this.hasColours = this.isTty && !process.env['NO_COLOR'];
    this.progressAt = now();
  }

  line(text: string, emphasis: Emphasis = 'none'): void {
    this.endProgress();
    this.progressAt = this.now();
    const styled =
      this.hasColours && emphasis !== 'none' && text !== '' ? styleText(STYLES[emphasis], text) : text;
    this.output.write(`${styled}\n`);
  }

  /** Shows how far it is, if the last time was long enough ago. `describe` is only called then. */
  progress(describe: () => string): void {
    const now = this.now();
    if (now - this.progressAt < (this.isTty ? TTY_INTERVAL_MS : PLAIN_INTERVAL_MS)) return;
    this.progressAt = now;
    if (!this.isTty) {
      this.output.write(`${describe()}\n`);
      return;
    }
    this.hasProgress = true;
    const width = this.output.columns || 80; // some terminals say 0 for what they do not know
    this.output.write(OVER + describe().slice(0, width - 1));
  }

  /** Takes the progress line away. */
  endProgress(): void {
    if (this.hasProgress) this.output.write(OVER);
    this.hasProgress = false;
  }
}
