/** A member's log in a file of its round's folder, `n1.log`: for whoever wants to know what went on where a check failed. */
import type { Log } from '@bowecho/actors';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { LineFile } from './line-file.js';
import { monotonicMicros } from './monotonic.js';

export function fileLog(folder: string, id: string): Log {
  const file = new LineFile(join(folder, `${id}.log`));
  const at =
    (level: string) =>
    (...said: unknown[]): void =>
      file.write(
        `${monotonicMicros()} ${level} ${said.map(each => inspect(each, { breakLength: Infinity })).join(' ')}`,
      );
  return {
    trace: () => undefined,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
}
