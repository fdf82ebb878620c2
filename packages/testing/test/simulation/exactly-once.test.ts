/**
 * Goal: a command with an idempotency key counts once, however often and from wherever it is sent, and `didExecute` is true of
 * every command, with a key or without.
 * Method: five nodes, three of which hold the actor; one crashes, one stands still, control connections break. Requests with a key are
 * sent by one node after the other until one is answered; others are sent once. Then the state says what really happened.
 */
import {
  ActorError,
  BowechoError,
  Command,
  Query,
  Replica,
  Replicated,
  type DidExecute,
} from '@bowecho/actors';
import { CheckError, Random, simulate, type Fault, type Simulation } from '@bowecho/testing';
import { expect } from 'chai';
import { replaceMethod, type Restore } from '../mutants/mutant.js';

const NODES = 5;
const REQUESTS = 60;
/** More than it takes to find a node that is there. */
const MOST_TRIES = 40;

@Replicated({ name: 'once-ledger', replicas: 3 })
class Ledger {
  private readonly booked = new Map<string, number>();
  private total = 0;

  @Command() book(request: string): number {
    this.booked.set(request, (this.booked.get(request) ?? 0) + 1);
    return (this.total += 1);
  }

  @Command() refuse(request: string): void {
    this.booked.set(request, 1);
    throw new ActorError('REFUSED', 'as it was meant', { at: this.total });
  }

  @Query() counts(): Map<string, number> {
    return this.booked;
  }
}

/** How one try ended: by an answer of the actor, as text, or by an error of the runtime. */
interface TryEnd {
  readonly answer?: string;
  readonly code?: string;
  readonly didExecute?: DidExecute | undefined;
}

interface Request {
  readonly name: string;
  readonly hasKey: boolean;
  readonly isRefused: boolean;
  /** Nodes that it was sent by, and how each try ended. */
  readonly nodes: number[];
  readonly ends: TryEnd[];
}

/** What is wrong with what callers were told, by what the state holds. */
function problemsOf(requests: readonly Request[], counts: ReadonlyMap<string, number>): string[] {
  return requests.flatMap(({ name, isRefused, ends }) => {
    const problems: string[] = [];
    const count = counts.get(name) ?? 0;
    const answers = new Set(ends.flatMap(({ answer }) => answer ?? []));
    const said = ends.map(({ didExecute }) => didExecute);
    if (count > 1) problems.push(`${name} counted ${count} times`);
    if (answers.size > 1) problems.push(`${name} was answered ${[...answers].join(' and ')}`);
    if (answers.size > 0 && !isRefused && count === 0) problems.push(`${name} was answered and is lost`);
    if (isRefused && count > 0) problems.push(`${name} was refused and counted`);
    if (said.includes('yes') && count === 0) problems.push(`${name} was said to be made, and was not`);
    if (said.every(each => each === 'no') && count > 0)
      problems.push(`${name} was said not to be made, and was`);
    return problems;
  });
}

function drawFaults(random: Random): Fault[] {
  const [lost, still] = random.chance(0.5) ? [random.below(3), 3 + random.below(2)] : [3, random.below(3)];
  const at = random.between(50_000, 150_000);
  // Shorter than what it takes to be left out, or longer.
  const stands = random.pick([100_000, 1_000_000, 4_000_000]);
  const died = random.between(50_000, 150_000);
  return [
    {
      kind: 'crash',
      at: died,
      until: died + 1_000_000,
      rank: lost,
      moment: random.pick(['turn', 'push', 'delivery']),
      after: 0,
      eighths: Array.from({ length: NODES }, () => random.between(0, 8)),
      // So late that some calls are under way to it.
      toldByFabric: Array.from({ length: NODES }, () => 30_000),
      toldByControl: Array.from({ length: NODES }, () => null),
    },
    {
      kind: 'freeze',
      at,
      until: at + stands,
      rank: still,
      moment: 'turn',
      after: 0,
      holdsWrites: random.chance(0.5),
    },
    ...[3, 4].map((rank): Fault => {
      const from = random.between(40_000, 160_000);
      return {
        kind: 'control-reset',
        at: from,
        until: from + 5_000,
        between: [rank, random.below(3)],
        kept: random.below(2),
      };
    }),
  ];
}

class Play {
  readonly sim: Simulation;
  readonly requests: Request[] = [];
  private readonly random: Random;

  constructor(readonly seed: number) {
    this.random = Random.fromSeed(seed);
    this.sim = simulate({ nodes: NODES, actors: [Ledger], seed, faults: drawFaults(this.random) });
  }

  async run(): Promise<void> {
    const { random, sim } = this;
    const callers: Promise<void>[] = [];
    for (let i = 0; i < REQUESTS; i++) {
      const hasKey = random.chance(0.8);
      const request = { name: `r${i}`, hasKey, isRefused: random.chance(0.1), nodes: [], ends: [] };
      this.requests.push(request);
      const goesOn = hasKey && random.chance(0.8);
      callers.push(this.send(request, goesOn ? MOST_TRIES : 1));
      // Another caller has the same request, at the same time.
      if (goesOn && random.chance(0.2)) callers.push(this.send(request, MOST_TRIES));
      await sim.run(random.between(1, 4));
    }
    await Promise.all(callers);
    await sim.settle();
  }

  /** What the state says in the end, at those who are there. */
  async counts(): Promise<ReadonlyMap<string, number>> {
    const { members } = this.sim.world;
    const node = members.findIndex(
      ({ state }, rank) => rank < 3 && state === 'running' && this.sim.world.isAlive(rank),
    );
    return this.sim.get(Ledger, 'all', { node }).$with({ read: 'local' }).counts();
  }

  async problems(): Promise<string[]> {
    return problemsOf(this.requests, await this.counts());
  }

  private async send(request: Request, tries: number): Promise<void> {
    const { random, sim } = this;
    const { name, hasKey, isRefused, nodes, ends } = request;
    for (let i = 0; i < tries; i++) {
      const node = random.below(NODES);
      const timeout = random.pick([15, 400, 10_000]);
      const ref = sim
        .get(Ledger, 'all', { node })
        .$with({ timeout, ...(hasKey && { idempotencyKey: name }) });
      const end = await (isRefused ? ref.refuse(name) : ref.book(name)).then(answerOf, errorEnd);
      nodes.push(node);
      ends.push(end);
      if (end.answer !== undefined) return;
    }
  }
}

function answerOf(value: unknown): TryEnd {
  return { answer: String(value) };
}

function errorEnd(error: unknown): TryEnd {
  if (error instanceof ActorError) return { answer: `${error.code} ${JSON.stringify(error.details)}` };
  if (!(error instanceof BowechoError)) throw error;
  return { code: error.code, didExecute: error.didExecute };
}

/** Keys are not looked up: each delivery runs. */
function forgetKeys(): Restore {
  return replaceMethod<Replica, Parameters<Replica['command']>, ReturnType<Replica['command']>>(
    Replica,
    'command',
    original =>
      function (key, method, args, at) {
        return original.call(this, key, method, args, at);
      },
  );
}

async function problemsOfSeed(seed: number): Promise<string[]> {
  const play = new Play(seed);
  using sim = play.sim;
  await play.run();
  sim.assertTotalOrder();
  return await play.problems(); // before the simulation ends
}

describe('commands with an idempotency key, in a simulation where nodes fail', () => {
  const SEEDS = Array.from({ length: 25 }, (_, seed) => seed);

  it('count once each, and what is said of failed ones is true', async () => {
    const seen = { repeats: 0, lostWithoutKey: 0, timeouts: 0 };
    for (const seed of SEEDS) {
      const play = new Play(seed);
      using sim = play.sim;
      await play.run();
      expect(await play.problems(), `seed ${seed}`).to.deep.equal([]);
      for (const { name, hasKey, nodes, ends } of play.requests) {
        if (ends.length > 1)
          expect(
            ends.some(({ answer }) => answer !== undefined),
            `${name}, seed ${seed}`,
          ).to.equal(true);
        ends.forEach(({ code }, i) => {
          const callerStays =
            sim.world.isAlive(nodes[i]!) && sim.world.members[nodes[i]!]!.state === 'running';
          if (code === 'TIMEOUT') seen.timeouts++;
          if (code !== 'MEMBER_LOST' || !callerStays) return;
          // The runtime itself sends again what may be sent again.
          expect(hasKey, `${name}, seed ${seed}`).to.equal(false);
          seen.lostWithoutKey++;
        });
        if (ends.length > 1) seen.repeats++;
      }
    }
    expect(seen.repeats, 'requests sent again').to.be.greaterThan(100);
    expect(seen.lostWithoutKey, 'calls that were lost with the member that made them').to.be.greaterThan(0);
    expect(seen.timeouts, 'calls that were given up').to.be.greaterThan(0);
  });

  it('would count more than once if keys were not looked up', async () => {
    const restore = forgetKeys();
    try {
      const found = await Promise.all(SEEDS.slice(0, 3).map(problemsOfSeed));
      expect(found.flat().join()).to.match(/r\d+ counted [23] times/);
    } finally {
      restore();
    }
  });

  it('are one call each, for who judges histories', async () => {
    const judge = async (seed: number, plant?: () => Restore): Promise<void> => {
      const restore = plant?.();
      using sim = simulate({ actors: [Ledger], seed });
      const random = Random.fromSeed(seed);
      const calls: Promise<unknown>[] = [];
      try {
        for (let i = 0; i < 40; i++) {
          const ledger = sim.get(Ledger, 'all', { node: i % 3 });
          const key = `k${random.below(12)}`;
          calls.push(ledger.$with({ idempotencyKey: key }).book(key), ledger.counts());
          await sim.run(random.between(1, 4));
        }
        await Promise.all(calls);
      } finally {
        restore?.(); // who judges runs handlers as well
      }
      sim.assertLinearizable(Ledger);
    };
    for (const seed of SEEDS.slice(0, 5)) await judge(seed);
    const found = await judge(1, forgetKeys).catch((error: unknown) => error);
    expect(found).to.be.instanceOf(CheckError);
  });
});

describe('the check of requests', () => {
  const request = (ends: TryEnd[], isRefused = false): Request => ({
    name: 'r',
    hasKey: true,
    isRefused,
    nodes: ends.map(() => 0),
    ends,
  });
  const check = (ends: TryEnd[], count: number, isRefused?: boolean): string =>
    problemsOf([request(ends, isRefused)], new Map(count > 0 ? [['r', count]] : [])).join();

  it('finds each kind of lie', () => {
    const unknown: TryEnd = { code: 'TIMEOUT', didExecute: 'unknown' };
    expect(check([{ answer: '1' }], 2)).to.match(/counted 2 times/);
    expect(check([{ answer: '1' }, { answer: '2' }], 1)).to.match(/answered 1 and 2/);
    expect(check([{ answer: '1' }], 0)).to.match(/lost/);
    expect(check([{ answer: 'REFUSED' }], 1, true)).to.match(/refused and counted/);
    expect(check([unknown, { code: 'VIEW_ENDED', didExecute: 'yes' }], 0)).to.match(/said to be made/);
    expect(check([{ code: 'TIMEOUT', didExecute: 'no' }], 1)).to.match(/said not to be made/);
    expect(check([unknown], 0) + check([unknown], 1) + check([{ answer: '1' }], 1)).to.equal('');
  });
});
