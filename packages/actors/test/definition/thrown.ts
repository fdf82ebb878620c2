/** What `action` throws, which must be a BowechoError; a test that expects one reads better with it in hand. */
import { BowechoError } from '@bowecho/core';

export function thrown(action: () => unknown): BowechoError {
  try {
    action();
  } catch (error) {
    if (error instanceof BowechoError) return error;
    throw error;
  }
  throw new Error('expected a BowechoError, but nothing was thrown');
}
