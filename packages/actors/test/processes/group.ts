/**
 * A group of member processes, seen from a test. Every wait is for something that a member says or for its end, and a
 * member that ends meanwhile ends the wait; mocha's own limit is the watchdog.
 *
 * `afterGroup` ends what a test has left, and looks whether anything stays behind: no error that nobody caught, no
 * process, nothing in /dev/shm, nobody at the members' addresses.
 */
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { LocalMember, chooseFabric, type MemberEnd, type MemberProgram } from '@bowecho/actors/local';
import { expect } from 'chai';
import { freeAddresses } from '../../src/cli/local/free-addresses.js';
import type { Answer, Failure, MemberConfig, Outcome, Task, Told } from './conversation.js';
import type { Here } from './member.js';

const PROGRAM = fileURLToPath(new URL('./member.js', import.meta.url));

/** A failure of a task at a member; looks as it did there. */
export class TaskFailure extends Error {
  constructor(
    readonly member: string,
    readonly failure: Failure,
  ) {
    super(`${member}: ${failure.code}: ${failure.message}`);
  }
}

type Distributed<T> = T extends unknown ? Omit<T, 'id'> : never;

/** One member process. */
export class TestMember {
  /** Everything it wrote to standard error. */
  errors = '';
  private readonly told: Told[] = [];
  private readonly waits = new Set<() => void>();
  private readonly tasks = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  private nextId = 0;
  private end: MemberEnd | undefined;

  private constructor(
    readonly id: string,
    readonly process: LocalMember,
  ) {}

  static async start(
    id: string,
    address: string,
    seeds: readonly string[],
    more: Partial<MemberProgram> = {},
  ): Promise<TestMember> {
    let member: TestMember | undefined = undefined;
    const local = await LocalMember.start({
      file: PROGRAM,
      id,
      address,
      seeds,
      ...more,
      onLine: (_, { stream, text }) => {
        if (stream === 'stderr') member!.errors += `${text}\n`;
      },
      onMessage: (_, value) => member!.hear(value as Told | Answer),
      onEnd: (_, end) => member!.ended(end),
    });
    member = new TestMember(id, local);
    return member;
  }

  /** Makes its cluster; resolves once it listens. */
  begin(config: MemberConfig = {}): Promise<void> {
    return this.ask({ kind: 'begin', config }) as Promise<void>;
  }

  /**
   * Runs a function in the member's process. It travels as text: it sees its arguments and globals, and nothing that is
   * around it here.
   *
   * @throws TaskFailure where it throws there
   */
  run<A extends readonly unknown[], R>(
    work: (here: Here, ...args: A) => R | Promise<R>,
    ...args: A
  ): Promise<R> {
    return this.ask({ kind: 'run', source: work.toString(), args }) as Promise<R>;
  }

  /** Resolves once its group runs. */
  async ready(): Promise<void> {
    await this.run(({ cluster }) => cluster.whenReady());
  }

  /** Why there is no group: what `whenReady` rejects with. */
  async notReady(): Promise<Failure> {
    const outcome = await this.run(({ cluster, settle }) => settle(cluster.whenReady()));
    if (outcome.ok) throw new Error(`${this.id} is ready`);
    return outcome;
  }

  /** The first event of that name whose text matches, past or future. */
  heard(name: Told['name'], pattern = /(?:)/): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.told.find(each => each.name === name && pattern.test(each.text));
        if (found !== undefined) resolve(found.text);
        else if (this.end !== undefined)
          reject(new Error(`${describe(this.end)} and had not told of ${name} ${pattern.source}`));
        else return;
        this.waits.delete(look);
      };
      this.waits.add(look);
      look();
    });
  }

  /** Texts of all events of that name so far. */
  textsOf(name: Told['name']): string[] {
    return this.told.filter(each => each.name === name).map(each => each.text);
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  private ask(task: Distributed<Task>): Promise<unknown> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.tasks.set(id, { resolve, reject });
      this.process.send({ ...task, id }).catch(reject);
    });
  }

  private hear(message: Told | Answer): void {
    if (message.kind === 'answer') {
      const { id, value, failure } = message;
      const task = this.tasks.get(id)!;
      this.tasks.delete(id);
      if (failure === undefined) task.resolve(value);
      else task.reject(new TaskFailure(this.id, failure));
      return;
    }
    this.told.push(message);
    for (const look of [...this.waits]) look();
  }

  private ended(end: MemberEnd): void {
    this.end = end;
    for (const { reject } of this.tasks.values()) reject(new Error(`${describe(end)}\n${this.errors}`));
    this.tasks.clear();
    for (const look of [...this.waits]) look();
  }
}

function describe({ id, status, signal }: MemberEnd): string {
  return `${id} ended with ${signal ?? `status ${status}`}`;
}

/** Members of one list of seeds. */
export class Group {
  private constructor(
    readonly members: readonly TestMember[],
    readonly seeds: readonly string[],
  ) {}

  /** Starts processes `n1`, `n2`, ... that have not begun. `absent` more addresses are seeds where nobody is. */
  static async start(
    count: number,
    { absent = 0, program = {} }: { absent?: number; program?: Partial<MemberProgram> } = {},
  ): Promise<Group> {
    const seeds = await freeAddresses(count + absent, '127.0.0.1');
    return Group.at(seeds, count, program);
  }

  /** The same at addresses that are known. */
  static async at(
    seeds: readonly string[],
    count = seeds.length,
    program: Partial<MemberProgram> = {},
  ): Promise<Group> {
    const members = await Promise.all(
      seeds.slice(0, count).map((address, i) => TestMember.start(`n${i + 1}`, address, seeds, program)),
    );
    const group = new Group(members, seeds);
    groups.push(group);
    return group;
  }

  /** A group that runs. */
  static async running(count: number, config: MemberConfig = {}): Promise<Group> {
    const group = await Group.start(count);
    await group.begin(() => config);
    await group.ready();
    return group;
  }

  /** The member of that number, from 1. */
  n(number: number): TestMember {
    return this.members[number - 1]!;
  }

  async begin(configOf: (member: TestMember) => MemberConfig = () => ({})): Promise<void> {
    await Promise.all(this.members.map(member => member.begin(configOf(member))));
  }

  async ready(): Promise<void> {
    await Promise.all(this.members.map(member => member.ready()));
  }

  /** What each member that runs answers. */
  everywhere<A extends readonly unknown[], R>(
    work: (here: Here, ...args: A) => R | Promise<R>,
    ...args: A
  ): Promise<R[]> {
    const running = this.members.filter(member => member.process.isRunning);
    return Promise.all(running.map(member => member.run(work, ...args)));
  }

  /** Has all members close their clusters; their processes go on. */
  async close(): Promise<void> {
    await this.everywhere(({ cluster }) => cluster.close());
  }
}

let groups: Group[] = [];
const shared = new Set(readdirSync('/dev/shm'));

/**
 * Skips the tests of a `describe` where members cannot be processes, and says why. They run on the fabric that
 * BOWECHO_FABRIC names, by default on `auto`.
 */
export async function needsProcesses(context: Mocha.Context): Promise<void> {
  const { fabric, why } = await chooseFabric(undefined);
  if (fabric !== 'in-process') return;
  console.log(`    skipped: ${why ?? "BOWECHO_FABRIC is 'in-process'"}`);
  context.skip();
}

/** Ends what a test has left. */
export async function afterGroup(): Promise<void> {
  const members = groups.flatMap(group => group.members);
  const addresses = groups.flatMap(group => group.seeds);
  groups = [];
  for (const member of members) member.kill('SIGKILL');
  for (const member of members) {
    await member.process.ended;
    expect(member.errors, `what ${member.id} wrote to standard error`).to.equal('');
    expect(() => process.kill(member.process.pid, 0), `process of ${member.id}`).to.throw('ESRCH');
  }
  expect(newShared(members.map(member => member.process.pid))).to.deep.equal([]);
  for (const address of new Set(addresses))
    expect(await answersAt(address), address).to.equal('ECONNREFUSED');
}

/** What has come into /dev/shm, without that of other processes: libfabric puts its owner's pid first, as in `123:0:1`. */
function newShared(pids: readonly number[]): string[] {
  const isOthers = (name: string): boolean => /^\d+:/.test(name) && !pids.includes(Number.parseInt(name, 10));
  return readdirSync('/dev/shm').filter(name => !shared.has(name) && !isOthers(name));
}

function answersAt(address: string): Promise<string> {
  const [host, port] = address.split(':');
  return new Promise(resolve => {
    const socket = connect({ host: host!, port: Number(port) });
    socket.once('connect', () => resolve('somebody listens')).once('connect', () => socket.destroy());
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

/** How long `until` asks: a watchdog, so that a test that fails does not go on behind the next one. */
const LONGEST_MS = 15_000;

/** Asks again and again until the answer is true. */
export async function until(ask: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + LONGEST_MS;
  while (!(await ask()))
    if (performance.now() > end) throw new Error(`not within ${LONGEST_MS} ms: ${ask.toString()}`);
}

/** The view without those members runs at this one. */
export function withoutThem(member: TestMember, ...ids: string[]): Promise<string> {
  return member.heard('view', new RegExp(`without .*${ids.join(', ')}`));
}

/** Asserts that these members, who were in all views, have delivered the same, nothing twice, and hold the same state. */
export async function expectSameHistory(members: readonly TestMember[]): Promise<readonly string[]> {
  const seen = await Promise.all(
    members.map(member =>
      member.run(async ({ cluster, Ledger, delivered }) => {
        const views = await cluster.get(Ledger, 'x').views(); // a read that waits for all that was received
        return { history: delivered['ledger']!, views, digest: cluster.digest(Ledger) };
      }),
    ),
  );
  const [first] = seen as [(typeof seen)[0]];
  for (const each of seen) expect(each).to.deep.equal(first);
  expect(new Set(first.history).size, 'delivered twice').to.equal(first.history.length);
  return first.history;
}

/**
 * Asserts that every outcome says the truth.
 *
 * @param texts what the commands appended, in the order of `outcomes`; the last ones may not have been begun
 * @param history what those who went on have delivered
 */
export function expectTruth(
  texts: readonly string[],
  outcomes: readonly Outcome[],
  history: readonly string[],
): void {
  const all = new Set(history);
  outcomes.forEach((outcome, i) => {
    const isThere = all.has(texts[i]!);
    const what = `${texts[i]!}: ${JSON.stringify(outcome)}`;
    if (outcome.ok) expect(isThere, what).to.equal(true);
    else {
      expect(outcome.code, what).to.be.oneOf(['VIEW_ENDED', 'MEMBER_LOST', 'HALTED', 'CLOSED']);
      expect(outcome.didExecute, what).to.be.oneOf(['yes', 'no', 'unknown']);
      if (outcome.didExecute !== 'unknown') expect(isThere, what).to.equal(outcome.didExecute === 'yes');
    }
  });
}
