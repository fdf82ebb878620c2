/** The explorations that are worth their time, from small to large, and how a report reads. */
import type { ExplorationReport } from './explore.js';
import type { Exploration } from './surroundings.js';

export const EXPLORATIONS = {
  crash: { name: '3 members, a message, a crash', nodes: 3, messages: [0], crashes: 1 },
  pauses: {
    name: '3 members, a message, a crash, with pauses',
    nodes: 3,
    messages: [0],
    crashes: 1,
    pauses: true,
  },
  mistake: { name: '3 members, a message, a mistake', nodes: 3, messages: [0], crashes: 0, mistakes: 1 },
  leave: {
    name: '3 members, a message, one leaves, a crash',
    nodes: 3,
    messages: [0],
    crashes: 1,
    leaves: [2],
  },
  twoMessages: { name: '3 members, two messages, a crash', nodes: 3, messages: [0, 1], crashes: 1 },
  lateMessages: {
    name: '3 members, two messages at any time, a crash',
    nodes: 3,
    messages: [],
    lateMessages: [0, 1],
    crashes: 1,
  },
  mistakeAndCrash: {
    name: '3 members, a message, a mistake, a crash',
    nodes: 3,
    messages: [0],
    crashes: 1,
    mistakes: 1,
  },
  fourMembers: { name: '4 members, a message, two crashes', nodes: 4, messages: [0], crashes: 2 },
  fiveMembers: { name: '5 members, two crashes', nodes: 5, messages: [], crashes: 2 },
} as const satisfies Readonly<Record<string, Exploration>>;

/** One line, and what broke. */
export function describeExploration(report: ExplorationReport): string {
  const { exploration, states, steps, paths, seconds, depth, views, isExhausted, violation } = report;
  const ends = views.map((count, vid) => `${count} at rest in view ${vid}`);
  const outcome = violation !== undefined ? 'stopped' : isExhausted ? 'all of it' : 'a part of it';
  const line =
    `${exploration.name}: ${outcome}, ${states} states by ${steps} steps in ${seconds.toFixed(1)} s, ` +
    `${paths} ends, at most ${depth} steps, ${ends.join(', ')}`;
  return violation === undefined ? line : `${line}\n${violation.message}`;
}
