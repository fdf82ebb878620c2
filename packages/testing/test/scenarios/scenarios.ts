/**
 * Scenarios of view changes: each a small world in which one thing happens, or two that are worse together. Nothing in
 * them is random but the delays, which follow from the seed. Times are milliseconds; a group is up after some 10 ms.
 */
import type { SubgroupSpec } from '@bowecho/core';
import { everywhere, type Fault, type World } from '@bowecho/testing';

export interface Scenario {
  /** The name of its file. */
  readonly name: string;
  /** What happens, in a sentence. */
  readonly title: string;
  readonly nodes: number;
  readonly subgroups?: readonly SubgroupSpec[];
  /** Milliseconds; nobody is suspected by silence where left out. */
  readonly suspicionMs?: number;
  readonly faults?: readonly Fault[];
  /** Schedules what else happens. */
  readonly script?: (world: World) => void;
}

const UP_MS = 30;
const NEVER = null;

type Crash = Extract<Fault, { kind: 'crash' }>;

/** A node dies at a time; each peer's fabric says so a millisecond later, unless the change says otherwise. */
function crash(rank: number, ms: number, nodes: number, change: Partial<Crash> = {}): Crash {
  return {
    kind: 'crash',
    at: ms * 1000,
    until: ms * 1000 + 500_000,
    rank,
    moment: 'turn',
    after: 0,
    eighths: Array.from({ length: nodes }, () => 8),
    toldByFabric: Array.from({ length: nodes }, () => 1000),
    toldByControl: Array.from({ length: nodes }, () => NEVER),
    ...change,
  };
}

const silent = (nodes: number): Pick<Crash, 'toldByFabric'> => ({
  toldByFabric: Array.from({ length: nodes }, () => NEVER),
});

/** Links break for good, with all that is under way; each sender is told at once. */
function cutForEver(links: readonly (readonly [number, number])[], ms: number): Fault {
  return {
    kind: 'cut',
    at: ms * 1000,
    until: ms * 1000 + 1000,
    shape: 'both ways',
    links,
    loss: 'forever',
    eighths: 0,
    senderToldAfter: 0,
  };
}

const bothWays = (a: number, b: number): (readonly [number, number])[] => [
  [a, b],
  [b, a],
];

/** Every node sends a message every half millisecond, in turns. */
function load(world: World, messages: number, set = 0): void {
  const nodes = world.members.length;
  for (let i = 0; i < messages; i++)
    world.after(UP_MS + i / 2, () => world.trySend(i % nodes, set, Uint8Array.of(i, i >> 8)));
}

const pair: SubgroupSpec = {
  name: 'pair',
  mode: 'ordered',
  shards: 1,
  minReplicas: 1,
  maxReplicas: 2,
  senders: 'all',
};

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'member-dies',
    title: 'A member dies under load, and the fabrics of the others say so.',
    nodes: 3,
    faults: [crash(1, 40, 3)],
    script: world => load(world, 60),
  },
  {
    name: 'oldest-dies-in-a-push',
    title: 'The oldest dies in the midst of a push, and only some of it lands.',
    nodes: 3,
    faults: [crash(0, 40, 3, { moment: 'push', after: 3, eighths: [8, 8, 0] })],
    script: world => load(world, 60),
  },
  {
    name: 'member-dies-unnoticed',
    title: 'A member dies, and nobody says so: its silence does.',
    nodes: 3,
    suspicionMs: 100,
    faults: [crash(2, 40, 3, silent(3))],
    script: world => load(world, 60),
  },
  {
    name: 'pause-evicts-nobody',
    title: 'A member stands still for half the suspicion time.',
    nodes: 3,
    suspicionMs: 100,
    faults: [
      { kind: 'freeze', at: 40_000, until: 90_000, rank: 1, moment: 'turn', after: 0, holdsWrites: true },
    ],
    script: world => load(world, 60),
  },
  {
    name: 'pause-beyond-suspicion',
    title: 'A member stands still for longer than the suspicion time, and comes back.',
    nodes: 3,
    suspicionMs: 100,
    faults: [
      { kind: 'freeze', at: 40_000, until: 400_000, rank: 1, moment: 'turn', after: 0, holdsWrites: true },
    ],
    script: world => load(world, 60),
  },
  {
    name: 'one-cut-link-of-three',
    title: 'One link of three members is cut: its younger end goes, and not the group.',
    nodes: 3,
    faults: [cutForEver(bothWays(0, 2), 40)],
    script: world => load(world, 60),
  },
  {
    name: 'cut-between-the-younger',
    title: 'The link between the two younger members is cut: the oldest chooses the older of them.',
    nodes: 3,
    faults: [cutForEver(bothWays(1, 2), 40)],
    script: world => load(world, 60),
  },
  {
    name: 'false-suspicion-in-a-pair-and-death',
    title: 'In a shard of two, one falsely suspects the other and dies: nothing that it delivered is lost.',
    nodes: 3,
    suspicionMs: 100,
    subgroups: [everywhere(3), pair],
    faults: [cutForEver([[0, 1]], 42), crash(0, 43, 3)],
    script: world => {
      load(world, 30);
      for (let i = 0; i < 20; i++) world.after(UP_MS + i, () => world.trySend(i % 2, 1, Uint8Array.of(i)));
    },
  },
  {
    name: 'proposer-dies-after-one-acceptance',
    title: 'The proposer dies when one other has seen its record: that record is the one.',
    nodes: 5,
    faults: [
      crash(4, 40, 5),
      crash(0, 41.5, 5, {
        moment: 'push',
        after: 2,
        eighths: [8, 8, 0, 0, 0],
        toldByFabric: [NEVER, 4000, 4000, 4000, 4000],
      }),
    ],
    script: world => load(world, 40),
  },
  {
    name: 'two-proposers',
    title: 'Two members take themselves for the oldest that is left, and both propose.',
    nodes: 5,
    suspicionMs: 100,
    faults: [
      {
        kind: 'cut',
        at: 40_000,
        until: 400_000,
        shape: 'both ways',
        links: bothWays(0, 1),
        loss: 'held',
        eighths: 8,
        senderToldAfter: null,
      },
      { kind: 'slow-link', at: 0, until: 600_000, between: [0, 4], delay: 30_000 },
      { kind: 'slow-link', at: 0, until: 600_000, between: [1, 2], delay: 30_000 },
    ],
    script: world => load(world, 40),
  },
  {
    name: 'second-failure-during-install',
    title: 'Another member dies while the next view is being installed.',
    nodes: 5,
    suspicionMs: 100,
    faults: [crash(4, 40, 5), crash(1, 46, 5)],
    script: world => load(world, 40),
  },
  {
    name: 'leave',
    title: 'A member leaves under load.',
    nodes: 3,
    script: world => {
      load(world, 60);
      world.after(45, () => world.leave(1, 'it was asked to'));
    },
  },
  {
    name: 'leave-together-with-a-cut',
    title: 'A member leaves in the moment in which a link of two others is cut.',
    nodes: 4,
    suspicionMs: 100,
    faults: [cutForEver(bothWays(1, 3), 45)],
    script: world => {
      load(world, 60);
      world.after(45, () => world.leave(0, 'it was asked to'));
    },
  },
  {
    name: 'everybody-leaves',
    title: 'All are asked to leave at once, as where a group is shut down.',
    nodes: 3,
    script: world => {
      load(world, 30);
      for (let node = 0; node < 3; node++) world.after(50, () => world.leave(node, 'the group is shut down'));
    },
  },
  {
    name: 'last-replica-wants-to-leave',
    title: 'A member that holds the last replica of a shard is asked to leave: it stays until that changes.',
    nodes: 2,
    subgroups: [everywhere(2), { ...pair, name: 'alone', maxReplicas: 1 }],
    script: world => {
      load(world, 20);
      world.after(45, () => world.leave(0, 'it was asked to'));
    },
  },
  {
    name: 'group-of-one',
    title: 'One of two leaves; the other goes on alone, and leaves at last.',
    nodes: 2,
    script: world => {
      load(world, 80);
      world.after(40, () => world.leave(1, 'it was asked to'));
      world.after(120, () => world.leave(0, 'it was asked to'));
    },
  },
  {
    name: 'minority-halts',
    title:
      'Five are parted, two on one side, and can tell each other nothing: the two halt, the three go on.',
    nodes: 5,
    suspicionMs: 100,
    faults: [
      {
        kind: 'cut',
        at: 40_000,
        until: 600_000,
        shape: 'partition',
        links: [0, 1].flatMap(a => [2, 3, 4].flatMap(b => bothWays(a, b))),
        loss: 'held',
        eighths: 8,
        senderToldAfter: null,
      },
      ...[0, 1].flatMap(a =>
        [2, 3, 4].map((b): Fault => ({
          kind: 'control-reset',
          at: 40_000,
          until: 600_000,
          between: [a, b],
          kept: 0,
        })),
      ),
    ],
    script: world => load(world, 60),
  },
  {
    name: 'half-is-not-enough',
    title: 'One of two dies: one is not more than half of two.',
    nodes: 2,
    suspicionMs: 100,
    faults: [crash(0, 40, 2)],
    script: world => load(world, 30),
  },
  {
    name: 'writes-lost',
    title:
      'A connection breaks and is there again, and writes were lost: nothing that comes later is believed.',
    nodes: 3,
    suspicionMs: 100,
    faults: [
      {
        kind: 'cut',
        at: 40_000,
        until: 41_000,
        shape: 'one way',
        links: [[0, 2]],
        loss: 'gap',
        eighths: 0,
        senderToldAfter: null,
      },
    ],
    script: world => load(world, 60),
  },
  {
    name: 'keys-never-come',
    title: 'In the next view the keys of a member do not come, though it beats: it goes as well.',
    nodes: 4,
    suspicionMs: 40,
    faults: [
      crash(3, 40, 4),
      { kind: 'control-reset', at: 40_000, until: 900_000, between: [1, 2], kept: 0 },
    ],
    script: world => load(world, 30),
  },
  {
    name: 'several-die-at-once',
    title: 'Two of five die in the same moment: one view change for both.',
    nodes: 5,
    faults: [crash(0, 40, 5), crash(3, 40, 5)],
    script: world => load(world, 60),
  },
  {
    name: 'large-messages-wait-with-small-ones-behind',
    title:
      'A member dies while another one has large messages that wait for room, and small ones behind them: all come, in order.',
    nodes: 3,
    faults: [crash(2, 40, 3)],
    script: world =>
      world.after(39.95, () => {
        for (let i = 0; i < 12; i++) world.send(0, 0, new Uint8Array(480).fill(i));
        for (let i = 0; i < 12; i++) world.send(0, 0, Uint8Array.of(i));
      }),
  },
];
