/** `bowecho membership`: the life of a member, as a table for people or as a diagram. */
import { STATE_SENTENCES } from '@bowecho/core';
import { hang } from '../hanging-lines.js';
import { membershipDiagram } from './membership-diagram.js';
import type { MembershipOptions } from './membership-options.js';

const STATE_WIDTH = 12;

/** Prints the one or the other. */
export function membership({ diagram = false }: MembershipOptions): void {
  const lines = diagram ? membershipDiagram() : membershipTable();
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** A line per state, or more where its sentence is long. */
export function membershipTable(): string[] {
  return Object.entries(STATE_SENTENCES).flatMap(([state, sentence]) =>
    hang(state.padEnd(STATE_WIDTH), sentence),
  );
}
