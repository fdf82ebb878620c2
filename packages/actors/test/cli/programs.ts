/** Small programs for the tests of this folder, written to a folder of the system's temporary one. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Programs {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'bowecho-cli-')));

  /** Writes a program, and returns its file. */
  add(name: string, source: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, source);
    return file;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
