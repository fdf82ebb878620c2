/**
 * guardedLog keeps the failures of a log its own. A logger that throws (a closed stream, a serializer that meets a hostile
 * value) would make one replica's handler throw where the others' do not, and halt a member that only wanted to say why
 * it does something. What was to be logged is lost then; the first time the process is warned.
 */
import type { Log } from '../ctx.js';

export function guardedLog(log: Log): Log {
  let hasWarned = false;
  const guard =
    (level: keyof Log) =>
    (...entry: unknown[]): void => {
      try {
        Reflect.apply(log[level], log, entry);
      } catch (error) {
        if (hasWarned) return;
        hasWarned = true;
        process.emitWarning(`the log threw at level ${level}: ${describe(error)}`, 'BowechoLogWarning');
      }
    };
  return {
    trace: guard('trace'),
    debug: guard('debug'),
    info: guard('info'),
    warn: guard('warn'),
    error: guard('error'),
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : typeof error;
}
