/**
 * simulate() runs a cluster of a user's actors in virtual time, in one thread, from one seed: the protocol, the codec and
 * the actor host that production runs, over a network that delays, reorders between links, tears writes and stalls
 * nodes. A seed replays the same run.
 *
 * Virtual time moves while `run` or `settle` is awaited, and also while only calls are awaited: a test may just
 * `await ref.method()`. The caller's code runs between two events, in zero virtual time.
 *
 * Checkers watch every run: total order, FIFO, views, counters, and (when settled) equal state of all replicas. What they find
 * is thrown by whatever was moving time.
 *
 * A node that crashes takes its callers with it: what was called there and not answered fails as `MEMBER_LOST`.
 */
import {
  ActorNode,
  DeterminismGuard,
  canonicalKey,
  checkArguments,
  definitionOf,
  packArguments,
  refClassOf,
  subgroupSpecOf,
  DEFAULTS,
  type ActorClass,
  type ActorDefinition,
  type ActorKey,
  type CallPort,
  type CallRequest,
  type Log,
  type Ref,
  BowechoError,
} from '@bowecho/actors';
import { watchAll } from '../checkers/watch-all.js';
import type { Fault } from '../faults/fault.js';
import type { Hazards } from '../hazards.js';
import type { Seed } from '../random.js';
import type { SimulatedHost } from '../simulated-process.js';
import { World, type WorldOptions } from '../world.js';
import { checkCalls } from '../linearizability/check-calls.js';
import { CallHistory, type CallRecord } from './call-history.js';

export interface SimulationOptions {
  /** How many nodes. Default 3. */
  readonly nodes?: number;
  readonly actors: readonly ActorClass[];
  /** The run is a function of it. Default `SIM_SEED` of the environment, else 1. */
  readonly seed?: Seed;
  /** Least and most delay of a write, milliseconds. Default [0.05, 2]. */
  readonly latency?: readonly [number, number];
  /** Nodes that are slow all the time. */
  readonly slowNodes?: readonly number[];
  /** Longest pause of a node, milliseconds. Default 20. */
  readonly pauseMs?: number;
  /** How hostile the network and the nodes are. Default: drawn from the seed. */
  readonly hazards?: Hazards;
  /** What breaks, and when: nodes that crash or stand still, links that are cut. Default: nothing. */
  readonly faults?: readonly Fault[];
  /**
   * A node of which nothing is heard for so long is taken for lost, milliseconds. Default: 2,000 where something breaks,
   * else never.
   */
  readonly suspicionTimeout?: number;
  /** Bytes of each sender's ring, a power of two. Default 64 KiB. */
  readonly ringBytes?: number;
  /** Bytes of messages that may wait for room in a ring. Default 1 MiB. */
  readonly queueBytes?: number;
  /** Milliseconds, virtual, that a call without a `timeout` waits. Default 10,000. */
  readonly callTimeout?: number;
  /** Whether handlers fail where they use what differs between replicas, such as `Date.now()`. Default true. */
  readonly determinismGuard?: boolean;
  /** Whether a node that holds a lease answers queries at once; else it asks all others each time. Default true. */
  readonly leases?: boolean;
  /** Where handlers' logs go. Default: nowhere. */
  readonly log?: Log;
}

/** As in production. */
const SUSPICION_MS = 2_000;

const RING_BYTES = 64 * 1024;
const QUEUE_BYTES = 1024 * 1024;

/**
 * Starts a simulated cluster; its members have met when this returns.
 *
 * @example
 * it('counts', async () => {
 *   using sim = simulate({ nodes: 3, actors: [Counter], seed: 7 });
 *   const visits = sim.get(Counter, 'visits');
 *   await Promise.all([visits.add(1), sim.get(Counter, 'visits', { node: 2 }).add(1)]);
 *   expect(await visits.read()).to.equal(2);
 *   await sim.settle();
 *   expect(new Set(sim.digests(Counter, 'visits'))).to.have.lengthOf(1);
 * });
 */
export function simulate(options: SimulationOptions): Simulation {
  return new Simulation(options);
}

export class Simulation implements Disposable {
  readonly seed: Seed;
  /** The world under it, for tests of the protocol. */
  readonly world: World;
  readonly history = new CallHistory();
  /** What failed without a caller to tell: calls by `$tell`. */
  readonly deadLetters: Error[] = [];
  private readonly nodes: ActorNode[] = [];
  private readonly definitions: readonly ActorDefinition[];
  private readonly guard: DeterminismGuard | undefined;
  private isDisposed = false;
  /** Somebody awaits `run` or `settle`. */
  private isMoving = false;
  private isDriving = false;
  /** Calls whose callers have not been answered, and where they were made. */
  private readonly waiting = new Map<Answer, number>();
  private settledBefore = 0;

  /** Use `simulate`. */
  constructor(options: SimulationOptions) {
    this.seed = options.seed ?? process.env['SIM_SEED'] ?? 1;
    this.definitions = [...options.actors.map(definitionOf)].sort((a, b) => (a.name < b.name ? -1 : 1));
    if (options.determinismGuard ?? true) this.guard = new DeterminismGuard();
    try {
      this.world = new World({
        ...worldOptionsOf(options),
        seed: this.seed,
        subgroups: this.definitions.map(subgroupSpecOf),
        createProcess: host => this.createNode(host, options),
      });
      watchAll(this.world);
      this.world.runUntilRunning();
    } catch (error) {
      this.guard?.release(); // nobody has a simulation to dispose of
      throw error;
    }
  }

  private createNode(host: SimulatedHost, options: SimulationOptions): ActorNode {
    const node = new ActorNode({
      view: host.view,
      myRank: host.rank,
      definitions: this.definitions,
      fabric: host.fabric,
      control: host.control,
      ringBytes: host.ringBytes,
      queueBytes: host.queueBytes,
      suspicionMicros: host.suspicionMicros,
      callTimeout: options.callTimeout ?? DEFAULTS.callTimeout,
      leases: options.leases ?? true,
      log: options.log ?? SILENT,
      guard: this.guard,
      events: {
        onViewInstalled: ignore,
        onEnded: ignore,
        onStateChanged: ignore,
        onHalted: ignore, // a checker of its own ends the run
        onDeadLetter: error => this.deadLetters.push(error),
      },
      now: host.now,
      wake: host.wake,
    });
    this.nodes.push(node);
    return node;
  }

  /** Virtual time, milliseconds. */
  get now(): number {
    return this.world.now / 1000;
  }

  /**
   * A reference that calls from one of the nodes: the one named, else the first that holds a replica of the key.
   *
   * @throws BowechoError `ACTOR_UNKNOWN`, `ARGUMENT_INVALID`
   */
  get<T extends object>(actor: ActorClass<T>, key: ActorKey, from: { readonly node?: number } = {}): Ref<T> {
    const definition = this.definitionOf(actor);
    const canonical = canonicalKey(key);
    const node =
      from.node ?? this.nodes.findIndex(each => each.route(definition, canonical).replica !== undefined);
    if (this.nodes[node] === undefined) {
      throw new BowechoError(
        'ARGUMENT_INVALID',
        `node ${node} of a simulation with ${this.nodes.length} nodes`,
      );
    }
    return new (refClassOf(definition))(this.portOf(node), canonical) as unknown as Ref<T>;
  }

  /** Digest of the state of one instance at each node that has it. */
  digests(actor: ActorClass, key: ActorKey): string[] {
    return this.replicasWith(this.definitionOf(actor), canonicalKey(key)).map(({ digest }) => digest);
  }

  /** Lets so many milliseconds of virtual time pass. */
  async run(ms: number): Promise<void> {
    let isOver = false;
    this.world.after(ms, () => (isOver = true));
    await this.move(() => isOver);
  }

  /** Runs until every call is answered and nobody has anything to do, then compares the replicas. */
  async settle(): Promise<void> {
    // Where members beat there is always something to come; then it is enough that all else has come to rest.
    await this.move(() => this.waiting.size === 0 && this.world.isAtRest);
    this.assertEqualState();
  }

  /**
   * Every two replicas delivered the same messages in the same order. Each delivery is also checked when it happens.
   *
   * @throws CheckError
   */
  assertTotalOrder(): void {
    this.world.sets.forEach(({ mode, replicas }, set) => {
      if (mode !== 'ordered') return;
      const sequences = replicas.map(rank => this.sequence(rank, set));
      for (const [i, sequence] of sequences.entries()) {
        const length = Math.min(sequence.length, sequences[0]!.length);
        const at = sequence.slice(0, length).findIndex((hash, ordinal) => hash !== sequences[0]![ordinal]);
        if (at >= 0) {
          throw this.world.violation(
            'total-order',
            `nodes ${replicas[0]} and ${replicas[i]} differ at ordinal ${at}`,
            [],
          );
        }
      }
    });
  }

  /**
   * All replicas of each instance have the same state. Only meaningful when settled.
   *
   * @throws CheckError that names the instance
   */
  assertEqualState(): void {
    for (const definition of this.definitions) {
      if (definition.mode !== 'ordered') continue;
      const keys = new Set(
        this.nodes.flatMap(node => node.replicasOf(definition).flatMap(each => [...each.keptKeys()])),
      );
      for (const key of keys) {
        const found = this.replicasWith(definition, key);
        if (new Set(found.map(({ digest }) => digest)).size <= 1) continue;
        const lines = found.map(({ node, digest }) => `node ${node} has digest ${digest}`);
        throw this.world.violation(
          'equal-state',
          `the replicas of ${definition.name} "${key}" differ`,
          lines,
        );
      }
    }
  }

  /**
   * What callers were told of an actor so far is what one object would have told them, called by one after the other: each call took
   * effect at one moment between its begin and its end. Each instance is judged by itself, by running the class again.
   *
   * `local` reads and queries by `$all` are left out. What depends on `ctx.now()`, `ctx.id()` or `ctx.random()` cannot be judged: such
   * answers count as wrong.
   *
   * @throws CheckError that names the answer which nothing explains
   * @throws BowechoError `ACTOR_UNKNOWN`; `ACTOR_INVALID` for an unordered actor, and for one with `onViewChange` once the view has
   *   changed
   * @example
   * await Promise.all([sim.get(Counter, 'visits').add(1), sim.get(Counter, 'visits', { node: 2 }).read()]);
   * sim.assertLinearizable(Counter);
   */
  assertLinearizable(actor: ActorClass): void {
    const definition = this.definitionOf(actor);
    const hasOtherViews = this.world.members.some(({ view }) => view.vid > 0);
    if (definition.mode !== 'ordered' || (definition.hasOnViewChange && hasOtherViews)) {
      const why = definition.mode !== 'ordered' ? 'it is unordered' : 'onViewChange has run, and is no call';
      throw new BowechoError('ACTOR_INVALID', `actor '${definition.name}' cannot be linearizable: ${why}`);
    }
    const problem = checkCalls(
      this.history.calls,
      definition,
      key => this.nodes[0]!.route(definition, key).set,
    );
    if (problem !== undefined) throw this.world.violation('linearizable', problem.sentence, problem.lines);
  }

  /** Ends the simulation: calls without an answer fail as `CLOSED`, and so do all from now on. */
  [Symbol.dispose](): void {
    this.isDisposed = true;
    this.guard?.release();
    for (const answer of [...this.waiting.keys()]) {
      // A test that ends has let go of the calls that it does not await; only who awaits one is to hear of this.
      answer.promise.catch(ignore);
      answer.settle({ error: simulationIsOver('unknown') });
    }
  }

  private portOf(node: number): CallPort {
    return { invoke: request => this.invoke(node, request) };
  }

  private invoke(node: number, request: CallRequest): Promise<unknown> | void {
    const { definition, method, key, args, face, options } = request;
    if (this.isDisposed) {
      if (face !== 'tell') return Promise.reject(simulationIsOver('no'));
      this.deadLetters.push(simulationIsOver('no'));
      return;
    }
    const { name: actor } = definition;
    const call: CallRecord = {
      node,
      actor,
      key,
      method: method.name,
      args,
      sent: sentBy(request),
      face,
      read: options?.read,
      idempotencyKey: options?.idempotencyKey,
      calledAt: this.now,
      settledAt: undefined,
      outcome: undefined,
    };
    this.history.calls.push(call);
    const answer = this.nodes[node]!.calls.invoke(request);
    this.drive();
    if (answer === undefined) {
      call.outcome = { value: undefined };
      return;
    }
    const caller = new Answer(outcome => {
      call.settledAt = this.now;
      call.outcome = outcome;
      this.waiting.delete(caller);
    });
    this.waiting.set(caller, node);
    answer.then(
      value => caller.settle({ value }),
      (error: Error) => caller.settle({ error }),
    );
    return caller.promise;
  }

  private definitionOf(actor: ActorClass): ActorDefinition {
    const definition = definitionOf(actor);
    if (this.definitions.includes(definition)) return definition;
    throw new BowechoError('ACTOR_UNKNOWN', `actor '${definition.name}' is not in this simulation`);
  }

  private replicasWith(definition: ActorDefinition, key: string): { node: number; digest: string }[] {
    return this.nodes.flatMap((each, node) => {
      if (this.isOut(node)) return [];
      const digest = each.route(definition, key).replica?.digest(key);
      return digest === undefined ? [] : [{ node, digest }];
    });
  }

  /** Whether that node is in the group no more, so that its replicas have stopped where they were. */
  private isOut(node: number): boolean {
    const { state } = this.world.members[node]!;
    return !this.world.isAlive(node) || state === 'left' || state === 'halted';
  }

  private sequence(rank: number, set: number): number[] {
    const history = this.world.history(rank);
    const hashes: number[] = [];
    for (let i = 0; i < history.length; i++) if (history.set[i] === set) hashes.push(history.hash[i]!);
    return hashes;
  }

  /** Moves virtual time until `isOver` or nothing happens any more, giving callers their turn whenever a call settled. */
  private async move(isOver: () => boolean): Promise<void> {
    this.isMoving = true;
    try {
      do {
        while (!isOver() && this.step()) if (this.hasNewAnswers()) await callersTurn();
        await callersTurn(); // what they do now may be something to go on with
      } while (!isOver() && this.step());
    } finally {
      this.isMoving = false;
      if (this.waiting.size > 0) this.drive();
    }
  }

  private step(): boolean {
    const goesOn = this.world.step();
    for (const [caller, node] of this.waiting)
      if (!this.world.isAlive(node)) caller.settle({ error: nodeIsLost(node) });
    return goesOn;
  }

  /** Whether calls settled since this was last asked. */
  private hasNewAnswers(): boolean {
    const settled = this.nodes.reduce((sum, node) => sum + node.calls.settledCount, 0);
    const isNew = settled !== this.settledBefore;
    this.settledBefore = settled;
    return isNew;
  }

  /** Moves time for a caller that only awaits its calls. */
  private drive(): void {
    if (this.isDriving) return;
    this.isDriving = true;
    void callersTurn().then(() => this.driveUntilAnswered());
  }

  private async driveUntilAnswered(): Promise<void> {
    while (!this.isMoving && !this.isDisposed && this.waiting.size > 0) {
      try {
        if (!this.step())
          throw this.world.violation('settled', 'calls are pending and nothing will happen', []);
      } catch (error) {
        for (const caller of [...this.waiting.keys()]) caller.settle({ error: error as Error });
      }
      if (this.hasNewAnswers()) await callersTurn();
    }
    this.isDriving = false;
  }
}

type Outcome = NonNullable<CallRecord['outcome']>;

/** What a caller waits for: the answer of a member, or the end of the simulation, whichever comes first. */
class Answer {
  readonly promise: Promise<unknown>;
  private end: ((outcome: Outcome) => void) | undefined;

  constructor(onSettled: (outcome: Outcome) => void) {
    this.promise = new Promise((resolve, reject) => {
      this.end = outcome => {
        onSettled(outcome);
        if ('value' in outcome) resolve(outcome.value);
        else reject(outcome.error);
      };
    });
  }

  settle(outcome: Outcome): void {
    this.end?.(outcome);
    this.end = undefined;
  }
}

/** The arguments as every replica gets them; undefined where they are refused, as the call will be. */
function sentBy({ method, args }: CallRequest): Uint8Array | undefined {
  try {
    return new Uint8Array(packArguments(checkArguments(method, args))); // the packer uses its buffer again
  } catch (error) {
    if (error instanceof BowechoError) return undefined;
    throw error;
  }
}

function nodeIsLost(node: number): BowechoError {
  return new BowechoError('MEMBER_LOST', `node ${node} has crashed`, { didExecute: 'unknown' });
}

function simulationIsOver(didExecute: 'no' | 'unknown'): BowechoError {
  return new BowechoError('CLOSED', 'the simulation is over', { didExecute });
}

/** Lets everything run that waits for promises already settled: all microtasks are done before the next macrotask. */
function callersTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}

function worldOptionsOf(options: SimulationOptions): Omit<WorldOptions, 'seed'> {
  const { faults = [], suspicionTimeout = faults.length > 0 ? SUSPICION_MS : undefined } = options;
  const {
    nodes = 3,
    latency,
    slowNodes,
    pauseMs,
    hazards,
    ringBytes = RING_BYTES,
    queueBytes = QUEUE_BYTES,
  } = options;
  return {
    nodes,
    ringBytes,
    queueBytes,
    ...(latency && { latency }),
    ...(slowNodes && { slowNodes }),
    ...(pauseMs !== undefined && { pauseMs }),
    ...(hazards && { hazards }),
    ...(suspicionTimeout !== undefined && { suspicionMs: suspicionTimeout }),
    faults,
  };
}

function ignore(): void {
  // The world's observers see it.
}

const SILENT: Log = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
