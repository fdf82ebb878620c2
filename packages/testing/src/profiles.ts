/**
 * Profile is a family of worlds with something to do in them: from a seed it draws a world and a workload. `small` is for
 * running very many seeds, `mixed` has several sets, unordered ones and slow nodes, `large` is for long runs. In
 * `faulty` nodes crash and stand still and links break, for a while; then all that can be healed is healed, and the rest
 * must settle. `hostile` is that with more nodes and several sets. In `reading` there are linearizable reads as well, all the time.
 */
import type { SubgroupSpec } from '@bowecho/core';
import { drawFaults } from './faults/fault.js';
import type { FaultScope } from './faults/fault-stage.js';
import { FoldApplication } from './fold-application.js';
import { Random } from './random.js';
import { memberProcess } from './simulated-process.js';
import { World, type WorldOptions } from './world.js';

export type ProfileName = 'small' | 'mixed' | 'large' | 'faulty' | 'hostile' | 'reading';

interface Profile {
  readonly nodes: readonly [number, number];
  /** How many messages, and within how many milliseconds they are sent. */
  readonly messages: readonly [number, number];
  readonly spanMs: number;
  /** Most bytes of most payloads; one in eight may be as long as the ring allows. */
  readonly payloadBytes: number;
  readonly ringBytes: readonly number[];
  readonly subgroups: (random: Random, nodes: number) => readonly SubgroupSpec[];
  /** One of these is the longest delay of a write, milliseconds. */
  readonly delaysMs: readonly number[];
  /** Most that a clock is off, milliseconds. */
  readonly clockSkewMs: number;
  /**
   * One of these times the longest delay of a write, and at least 40 ms, is the suspicion time; nobody beats where there
   * are none.
   */
  readonly suspicionDelays: readonly number[];
  /** How often nodes leave in the midst of it, and whether it may be more than one. */
  readonly leave: number;
  readonly manyLeave: boolean;
  /** How often one node is slow. */
  readonly slowNode: number;
  /** How many reads, each once or nine times. */
  readonly reads: readonly [number, number];
  /** Whether faults happen. */
  readonly isFaulty: boolean;
  /** A run that is not quiet after so many events never will be. */
  readonly maxEvents: number;
}

const oneOrdered = (_random: Random, nodes: number): readonly SubgroupSpec[] => [
  { name: 'ledger', mode: 'ordered', shards: 1, minReplicas: 1, maxReplicas: nodes, senders: 'all' },
];

/** A replica that has sent nothing is not kept from answering reads by what it waits for itself. */
const fewSenders = (random: Random, nodes: number): readonly SubgroupSpec[] => [
  {
    name: 'ledger',
    mode: 'ordered',
    shards: 1,
    minReplicas: 1,
    maxReplicas: nodes,
    senders: random.between(1, nodes),
  },
];

const severalTypes = (random: Random, nodes: number): readonly SubgroupSpec[] => [
  {
    name: 'ledger',
    mode: 'ordered',
    shards: random.between(1, 3),
    minReplicas: 1,
    maxReplicas: random.between(1, Math.min(3, nodes)),
    senders: 'all',
  },
  {
    name: 'sequencer',
    mode: 'ordered',
    shards: 1,
    minReplicas: 1,
    maxReplicas: nodes,
    senders: random.between(1, nodes),
  },
  { name: 'gossip', mode: 'unordered', shards: 1, minReplicas: 1, maxReplicas: nodes, senders: 'all' },
];

/** Few sets lose all their replicas, which ends the group. Some need two, and with one it waits for who joins. */
const wellReplicated = (random: Random, nodes: number): readonly SubgroupSpec[] => {
  const [ledger, ...others] = severalTypes(random, nodes);
  const shards = random.between(1, 2);
  const maxReplicas = random.between(Math.min(3, nodes), nodes);
  return [{ ...ledger!, shards, minReplicas: maxReplicas > 2 ? shards : 1, maxReplicas }, ...others];
};

const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  small: {
    nodes: [3, 3],
    messages: [8, 30],
    spanMs: 12,
    payloadBytes: 48,
    ringBytes: [256, 512, 1024],
    subgroups: oneOrdered,
    delaysMs: [0.2, 2, 8],
    clockSkewMs: 5,
    suspicionDelays: [],
    leave: 0.06,
    manyLeave: false,
    slowNode: 0,
    reads: [0, 0],
    isFaulty: false,
    maxEvents: 50_000,
  },
  mixed: {
    nodes: [2, 6],
    messages: [40, 160],
    spanMs: 40,
    payloadBytes: 120,
    ringBytes: [1024, 2048, 4096],
    subgroups: severalTypes,
    delaysMs: [0.2, 2, 8],
    clockSkewMs: 5,
    suspicionDelays: [],
    leave: 0.06,
    manyLeave: false,
    slowNode: 0.3,
    reads: [0, 0],
    isFaulty: false,
    maxEvents: 1_000_000,
  },
  large: {
    nodes: [5, 9],
    messages: [2000, 5000],
    spanMs: 2000,
    payloadBytes: 200,
    ringBytes: [2048, 8192],
    subgroups: severalTypes,
    delaysMs: [0.2, 2, 8],
    clockSkewMs: 5,
    suspicionDelays: [],
    leave: 0,
    manyLeave: false,
    slowNode: 0.3,
    reads: [0, 0],
    isFaulty: false,
    maxEvents: 20_000_000,
  },
  faulty: {
    nodes: [3, 3],
    messages: [8, 30],
    spanMs: 12,
    payloadBytes: 48,
    ringBytes: [256, 512, 1024],
    subgroups: oneOrdered,
    delaysMs: [0.2, 2, 8],
    clockSkewMs: 5,
    suspicionDelays: [10, 20],
    leave: 0.06,
    manyLeave: false,
    slowNode: 0,
    reads: [0, 0],
    isFaulty: true,
    maxEvents: 50_000,
  },
  hostile: {
    nodes: [2, 6],
    messages: [30, 100],
    spanMs: 40,
    payloadBytes: 80,
    ringBytes: [512, 1024],
    subgroups: wellReplicated,
    delaysMs: [0.2, 2, 8],
    clockSkewMs: 300,
    suspicionDelays: [15, 30],
    leave: 0.25,
    manyLeave: true,
    slowNode: 0.1,
    reads: [0, 0],
    isFaulty: true,
    maxEvents: 500_000,
  },
  reading: {
    nodes: [3, 5],
    messages: [20, 60],
    spanMs: 120,
    payloadBytes: 48,
    ringBytes: [512, 1024],
    subgroups: fewSenders,
    delaysMs: [0.2, 0.4],
    clockSkewMs: 300,
    suspicionDelays: [400, 800],
    leave: 0.1,
    manyLeave: false,
    slowNode: 0.1,
    reads: [60, 160],
    isFaulty: true,
    maxEvents: 500_000,
  },
};

export const PROFILE_NAMES = Object.keys(PROFILES) as readonly ProfileName[];

/** A world and the applications on it, by rank. */
export interface Scene {
  readonly world: World;
  readonly applications: readonly FoldApplication[];
  /** A run that is not quiet after so many events never will be. */
  readonly maxEvents: number;
}

/** What a run may change of a profile's world. `nodes`: as many, at least 2, in the place of what the profile draws. */
export type SceneOptions = Pick<Partial<WorldOptions>, 'nodes' | 'hazards' | 'faults' | 'replay'> & {
  readonly createApplication?: (rank: number) => FoldApplication;
};

/** The world of a seed, with its messages scheduled. */
export function createScene(name: ProfileName, seed: number, options: SceneOptions = {}): Scene {
  const profile = PROFILES[name];
  const { createApplication = () => new FoldApplication(), ...overrides } = options;
  const random = Random.fromSeed(`${name} ${seed}`);
  const drawn = random.between(...profile.nodes); // also where it is not used: what is drawn next stays the same
  const nodes = options.nodes ?? drawn;
  const ringBytes = random.pick(profile.ringBytes);
  const applications: FoldApplication[] = [];
  const maxDelayMs = random.pick(profile.delaysMs);
  const scope = faultScope(profile, nodes, maxDelayMs);
  const world = new World({
    seed,
    nodes,
    ringBytes,
    queueBytes: ringBytes / 2,
    subgroups: profile.subgroups(random, nodes),
    latency: [0.02, maxDelayMs],
    clockSkewMs: profile.clockSkewMs,
    ...suspicionOf(profile, random, maxDelayMs),
    slowNodes: random.chance(profile.slowNode) ? [random.below(nodes)] : [],
    faults: profile.isFaulty ? drawFaults(random.split('faults'), scope) : [],
    replay: replayCommand(name, seed, options.nodes),
    createProcess: host => {
      const application = (applications[host.rank] = createApplication(host.rank));
      host.teachers?.forEach((teacher, set) => {
        if (teacher !== undefined) application.adopt(set, applications[teacher]!);
      });
      return memberProcess(host, application);
    },
    ...overrides,
  });
  const lastTry = world.faults.length > 0 ? scope.heal + LAST_TRY_MICROS : Infinity;
  scheduleMessages(world, profile, ringBytes, lastTry);
  if (world.workload.chance(profile.leave)) scheduleLeaves(world, profile);
  if (profile.reads[1] > 0) scheduleReads(world, profile, random.split('reads'));
  return { world, applications, maxEvents: Math.ceil(profile.maxEvents * crowding(profile, nodes)) };
}

/**
 * Every member writes to every other one, so what happens grows with the square; 1 for as many nodes as the profile has
 * itself.
 */
function crowding({ nodes: [, most] }: Profile, nodes: number): number {
  return Math.max(1, nodes / most) ** 2;
}

/** With less, beats would come faster than a link that lands writes in pieces can carry them. */
function suspicionOf(
  { suspicionDelays }: Profile,
  random: Random,
  maxDelayMs: number,
): Pick<WorldOptions, 'suspicionMs'> {
  if (suspicionDelays.length === 0) return {};
  return { suspicionMs: Math.max(40, maxDelayMs * random.pick(suspicionDelays)) };
}

/** The tests of seeds know the profiles as they are, the command line also more or fewer nodes. */
function replayCommand(name: ProfileName, seed: number, nodes: number | undefined): string {
  if (nodes === undefined)
    return `SIM_PROFILE=${name} SIM_SEED=${seed} npx mocha --no-config packages/testing/dist/test/seeds.test.js`;
  return `bowecho sim --nodes ${nodes} --profile ${name} --seed ${seed} --seeds 1 --timeline`;
}

/** Keys take ten times as long as writes, and with them the group comes up. */
function faultScope({ spanMs, reads }: Profile, nodes: number, maxDelayMs: number): FaultScope {
  const up = maxDelayMs * 8;
  const hasMistakes = reads[1] > 0;
  return { nodes, up: up * 1000, heal: (up + spanMs + maxDelayMs * 6) * 1000, hasMistakes };
}

/** So long after the heal a member that still waits for others never will have them. */
const LAST_TRY_MICROS = 200_000;

/** Each message is sent at a random time by a random sender of a random set, now and then several at once. */
function scheduleMessages(world: World, profile: Profile, ringBytes: number, lastTry: number): void {
  const random = world.workload;
  const longest = ringBytes / 4 - 32;
  const payload = new Uint8Array(longest);
  const messages = random.between(...profile.messages);
  for (let i = 0; i < messages;) {
    const set = random.pick(world.sets);
    const rank = random.pick(set.senders);
    const burst = random.chance(0.2) ? random.between(2, 8) : 1;
    const length = random.below(
      random.chance(0.125) ? longest + 1 : Math.min(longest, profile.payloadBytes) + 1,
    );
    const fill = random.next();
    const ms = random.below(profile.spanMs * 1000) / 1000;
    const sendAll = (): void => {
      const { state, view } = world.members[rank]!;
      if (view.vid === 0 && (state === 'connecting' || state === 'installing')) {
        if (world.isAlive(rank) && world.now < lastTry) world.after(1, sendAll);
        return;
      }
      for (let k = 0; k < burst; k++) {
        for (let at = 0; at < length; at++) payload[at] = fill + k * 31 + at;
        world.trySend(rank, set.index, payload, length);
      }
    };
    world.after(ms, sendAll);
    i += burst;
  }
}

/** Reads at random times by random members of random sets; in one world of three by echoes alone. */
function scheduleReads(world: World, { reads, spanMs }: Profile, random: Random): void {
  const usesLease = random.chance(2 / 3);
  const ordered = world.sets.filter(({ mode }) => mode === 'ordered');
  for (let count = random.between(...reads); count > 0; count--) {
    const node = random.below(world.members.length);
    const set = random.pick(ordered);
    const ms = random.below(spanMs * 1000) / 1000;
    const everyMs = random.below(4000) / 1000;
    for (let nth = random.pick([0, 0, 8]); nth >= 0; nth--)
      world.after(ms + nth * everyMs, () => world.read(node, set.index, usesLease));
  }
}

/**
 * Members are asked to leave at a random time, perhaps before they are connected; several of them together, as where a
 * group is ended.
 */
function scheduleLeaves(world: World, profile: Profile): void {
  const random = world.workload;
  const nodes = world.members.length;
  const count = profile.manyLeave && random.chance(0.4) ? random.between(2, nodes) : 1;
  const first = random.below(nodes);
  const ms = random.below(profile.spanMs * 1000) / 1000;
  for (let i = 0; i < count; i++)
    world.after(ms + random.below(2), () => world.leave((first + i) % nodes, 'the workload says so'));
}
