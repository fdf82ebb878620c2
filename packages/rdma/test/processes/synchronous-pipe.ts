/**
 * A pipe whose ends are plain blocking descriptors, which Node itself never makes. A test that must call a fabric in another
 * process as if it were its own (Fabric is synchronous) waits on such a pipe for the answer.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SynchronousPipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

export function makePipe(): SynchronousPipe {
  const folder = mkdtempSync(join(tmpdir(), 'bowecho-pipe-'));
  try {
    const path = join(folder, 'pipe');
    const { status } = spawnSync('mkfifo', [path]);
    if (status !== 0) throw new Error(`mkfifo ended with ${status}`);
    const both = openSync(path, constants.O_RDWR); // so that neither of the next two waits for the other
    const readEnd = openSync(path, constants.O_RDONLY);
    const writeEnd = openSync(path, constants.O_WRONLY);
    closeSync(both);
    return { readEnd, writeEnd };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Reads lines of JSON. */
export class LineReader {
  private readonly chunk = Buffer.alloc(1 << 16);
  private text = '';

  constructor(private readonly fd: number) {}

  /** Waits for the next line. @throws Error if the other end is gone */
  read(): unknown {
    for (;;) {
      const end = this.text.indexOf('\n');
      if (end >= 0) {
        const line = this.text.slice(0, end);
        this.text = this.text.slice(end + 1);
        return JSON.parse(line);
      }
      const length = readSync(this.fd, this.chunk);
      if (length === 0) throw new Error('the process at the other end of the pipe is gone');
      this.text += this.chunk.toString('latin1', 0, length);
    }
  }
}

/** Only ASCII is sent: bytes travel as hexadecimal digits. */
export function writeLine(fd: number, value: unknown): void {
  const line = Buffer.from(`${JSON.stringify(value)}\n`, 'latin1');
  for (let written = 0; written < line.length;) written += writeSync(fd, line, written);
}
