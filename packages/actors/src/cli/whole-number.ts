/** Reads an option that is a whole number, for commander: anything else is refused with the range that would have been right. */
import { InvalidArgumentError } from 'commander';
import type { Range } from '../config/limits.js';

export function wholeNumber({ min, max }: Range): (text: string) => number {
  return text => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}
