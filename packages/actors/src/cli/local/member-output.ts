/**
 * readLines hands out what a process writes to one of its streams, line by line and no faster than it is taken: while the
 * taker lets us wait nothing is read, the pipe fills up, and the process itself waits in its write.
 *
 * A pipe may outlive its process, held open by a child of it. So the pipe of a process that is gone is given up when
 * nothing has come for a while; what the process itself had written is in the pipe by then, and read at once.
 */
import type { Readable } from 'node:stream';
import { LineSplitter, type Line } from './line-splitter.js';

/** How long nothing must come from the pipe of a process that is gone, milliseconds. */
const QUIET_MS = 1_000;

/**
 * Resolves when the stream is at its end, or given up, and all its lines were taken.
 *
 * @param gone resolves when the process is gone
 * @param take gets each line; if it returns a promise, the next line comes after that
 * @throws what `take` throws; the stream is destroyed then
 */
export async function readLines(
  stream: Readable,
  gone: Promise<unknown>,
  take: (line: Line) => void | Promise<void>,
): Promise<void> {
  const splitter = new LineSplitter();
  let isGone = false;
  let isGivenUp = false;
  let isReading = true;
  let quiet: NodeJS.Timeout | undefined;
  const giveUp = (): void => {
    isGivenUp = true;
    stream.destroy();
  };
  const giveUpWhenQuiet = (): void => {
    if (isGone && isReading) quiet = setTimeout(giveUp, QUIET_MS);
  };
  void gone.then(() => {
    isGone = true;
    giveUpWhenQuiet();
  });
  const handOver = async (line: Line | undefined): Promise<void> => {
    const wait = line && take(line);
    if (wait !== undefined) await wait;
  };

  stream.setEncoding('utf8');
  try {
    for await (const chunk of stream as AsyncIterable<string>) {
      clearTimeout(quiet);
      isReading = false;
      for (const line of splitter.push(chunk)) await handOver(line);
      isReading = true;
      giveUpWhenQuiet();
    }
  } catch (error) {
    if (!isGivenUp) throw error; // the iteration calls a stream that we destroyed a premature end
  } finally {
    isReading = false;
    clearTimeout(quiet);
  }
  await handOver(splitter.end());
}
