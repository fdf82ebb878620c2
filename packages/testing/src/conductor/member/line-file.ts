/**
 * LineFile is a file of lines that outlive the process that writes them: each is handed to the system before the next thing
 * happens, so whatever was done before a SIGKILL is there to be read. A last line without its end was torn and is nothing.
 */
import { openSync, readFileSync, writeSync } from 'node:fs';

export class LineFile {
  private readonly file: number;

  /** Makes the file, or empties it. */
  constructor(path: string) {
    this.file = openSync(path, 'w');
  }

  /** @param line without line feeds */
  write(line: string): void {
    writeSync(this.file, `${line}\n`);
  }
}

/** The whole lines of a file; none where there is no such file, because its process ended before it made one. */
export function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(0, -1);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
