/**
 * LabelledOutput prints the lines of several members to one stream, each behind its member's name, in a colour of its own
 * on a terminal. It writes whole lines only. When the stream is full it gives out a promise to wait for, and that is how
 * a slow terminal slows the members down; when nobody reads the stream any more it drops what comes.
 */
import type { Writable } from 'node:stream';

/** What is needed of a stream; `process.stdout` has it. */
export type OutputStream = Writable & { readonly isTTY?: boolean };

/** Foreground colours of a terminal, easily told apart: cyan, yellow, green, magenta, blue, and their bright ones. */
const COLOURS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];
const DEFAULT_COLOUR = '\x1b[39m';

export class LabelledOutput {
  private isClosed = false;
  /** Resolves when the stream takes more; undefined while it does. */
  private room: Promise<void> | undefined;
  private onRoom: (() => void) | undefined;
  private readonly hasColours: boolean;

  /**
   * @param labels of all members, in the order of their colours
   * @param onClosed hears once that the stream can no longer be written to, and why
   * @param env decides, with the stream, whether there are colours
   */
  constructor(
    private readonly stream: OutputStream,
    private readonly labels: readonly string[],
    onClosed: (error: NodeJS.ErrnoException) => void,
    env: NodeJS.ProcessEnv = process.env,
  ) {
    this.hasColours = showsColours(stream, env);
    stream.on('drain', () => this.release());
    stream.on('error', error => {
      if (!this.isClosed) onClosed(error);
      this.close();
    });
  }

  /** Prints a line of a member. If it returns a promise, the next line should wait for that. */
  line(label: string, text: string): Promise<void> | undefined {
    return this.write(`${this.prefixOf(label)}${text}\n`);
  }

  /** Prints a line without a label. */
  plain(text: string): Promise<void> | undefined {
    return this.write(`${text}\n`);
  }

  /** Prints nothing from now on, and lets nobody wait. */
  close(): void {
    this.isClosed = true;
    this.release();
  }

  private write(text: string): Promise<void> | undefined {
    if (this.isClosed) return undefined;
    if (this.stream.write(text)) return undefined;
    this.room ??= new Promise(resolve => (this.onRoom = resolve));
    return this.room;
  }

  private release(): void {
    this.onRoom?.();
    this.room = undefined;
    this.onRoom = undefined;
  }

  private prefixOf(label: string): string {
    const width = Math.max(...this.labels.map(each => each.length));
    const padded = `${label.padEnd(width)} | `;
    if (!this.hasColours) return padded;
    const colour = COLOURS[this.labels.indexOf(label) % COLOURS.length];
    return `\x1b[${colour}m${padded}${DEFAULT_COLOUR}`;
  }
}

/** FORCE_COLOR decides if it is set, else NO_COLOR, else whether the stream is a terminal that has colours. */
function showsColours(stream: OutputStream, env: NodeJS.ProcessEnv): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: refused, TERM: terminal } = env;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if (refused !== undefined && refused !== '') return false;
  return stream.isTTY === true && terminal !== 'dumb';
}
