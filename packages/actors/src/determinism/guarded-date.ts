/**
 * GuardedDate stands for the global Date while the guard is up: it is Date, but for the forms that ask the clock.
 *
 * It shares Date's prototype, so `instanceof` holds for both and for the dates of both. There is one for the life of the
 * process, for classes that were compiled while it was the global Date keep it (as the type of a parameter, as a parent).
 */
import { refuseInHandler } from './guarded-handler.js';

export const OriginalDate = Date;

export const USE_NOW = 'use ctx.now(), the time of the call, which is the same at every replica';

function DateOrRefusal(this: unknown, ...args: ConstructorParameters<typeof Date> | []): Date | string {
  if (new.target === undefined) {
    refuseInHandler('Date()', USE_NOW);
    return OriginalDate();
  }
  if (args.length === 0) refuseInHandler('new Date()', USE_NOW);
  // Nearly all are made like this, and a plain `new` takes a third of the time.
  if (new.target === GuardedDate && args.length < 2)
    return args.length === 0 ? new OriginalDate() : new OriginalDate(args[0]);
  return Reflect.construct(OriginalDate, args, new.target) as Date;
}

export const GuardedDate: unknown = Object.defineProperties(
  DateOrRefusal,
  Object.getOwnPropertyDescriptors(OriginalDate),
);
