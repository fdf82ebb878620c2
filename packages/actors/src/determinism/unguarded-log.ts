/** unguardedLog is a log for handlers under the guard: loggers stamp their lines by the clock, and lines are no state. */
import type { Log } from '../ctx.js';
import { outsideGuard } from './guarded-handler.js';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

export function unguardedLog(log: Log): Log {
  const entries = LEVELS.map(level => {
    const write = (...entry: unknown[]): void =>
      outsideGuard(() => void Reflect.apply(log[level], log, entry));
    return [level, write] as const;
  });
  return Object.fromEntries(entries) as unknown as Log;
}
