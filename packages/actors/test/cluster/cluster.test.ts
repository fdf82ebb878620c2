/**
 * Clusters of real members on the in-process fabric: meeting, misconfiguration, refusals, leaving. Everything that goes
 * wrong is a typed error in bounded time, and leaves the others unharmed.
 */
import {
  BowechoError,
  createCluster,
  defineActor,
  type ActorNode,
  type Cluster,
  type ClusterConfig,
  type View,
} from '@bowecho/actors';
import { expect } from 'chai';

const Counter = defineActor({
  name: 'counter',
  state: () => ({ value: 0 }),
  commands: {
    add(state, by: number) {
      return (state.value += by);
    },
  },
  queries: { read: state => state.value },
  args: { add: [Number] },
});

const Other = defineActor({
  name: 'counter',
  version: 2,
  state: () => ({ value: 0 }),
  commands: { add: (state, by: string) => (state.value += by.length) },
  args: { add: [String] },
});

let groups = 0;

/** Seeds that no other test uses. */
function freshSeeds(count: number): string[] {
  const group = groups++;
  return Array.from({ length: count }, (_, i) => `g${group}-n${i}`);
}

function join(id: string, seeds: readonly string[], more: Partial<ClusterConfig> = {}): Promise<Cluster> {
  return createCluster({ id, seeds, fabric: 'in-process', actors: [Counter], log: false, ...more });
}

async function codeOf(attempt: Promise<unknown>): Promise<BowechoError> {
  const error: unknown = await attempt.then(
    () => expect.fail('it was not refused'),
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(BowechoError);
  return error as BowechoError;
}

/** The first view of that id or a later one that runs at a member. */
function viewOf(member: Cluster, id: number): Promise<View> {
  return new Promise(resolve => member.on('view', view => view.id >= id && resolve(view)));
}

/** A call's result, or its error. */
function settle(call: Promise<number>): Promise<number | BowechoError> {
  return call.catch((error: unknown) => error as BowechoError);
}

/** What a cluster keeps to itself: by it a test has a member suspect another one. */
function nodeOf(cluster: Cluster): ActorNode {
  return (cluster as unknown as { readonly node: ActorNode }).node;
}

describe('cluster', () => {
  let members: Cluster[] = [];
  const started = async (...pending: Promise<Cluster>[]): Promise<Cluster[]> => {
    const fresh = await Promise.all(pending);
    members.push(...fresh);
    return fresh;
  };

  afterEach(async () => {
    await Promise.all(members.map(member => member.close()));
    members = [];
  });

  it('runs three members that all send, and agrees', async () => {
    const seeds = freshSeeds(3);
    const group = await started(...seeds.map(id => join(id, seeds)));
    const counters = group.map(member => member.get(Counter, 'visits'));
    const calls = Array.from({ length: 3000 }, (_, i) => counters[i % 3]!.add(1));
    expect(Math.max(...(await Promise.all(calls)))).to.equal(3000);
    for (const counter of counters) expect(await counter.read()).to.equal(3000);
    expect(new Set(group.map(member => member.digest(Counter)))).to.have.lengthOf(1);
    expect(group.map(member => member.keys(Counter))).to.deep.equal([['visits'], ['visits'], ['visits']]);
    expect(group[0]!.view).to.deep.include({ id: 0, members: seeds, joined: seeds, left: [] });
    expect(group[0]!.pendingCalls).to.equal(0);
  });

  it('runs alone', async () => {
    const seeds = freshSeeds(1);
    const [alone] = await started(join(seeds[0]!, seeds));
    expect(await alone!.get(Counter, ['a', 'b']).add(2)).to.equal(2);
  });

  it('has calls wait for the group', async () => {
    const seeds = freshSeeds(2);
    const [first] = await started(join(seeds[0]!, seeds));
    const early = first!.get(Counter, 'c').add(5);
    expect(first!.waitingFor).to.deep.equal([`the founder at ${seeds[1]}`]);
    await started(join(seeds[1]!, seeds));
    expect(await early).to.equal(5);
  });

  it('delivers what was sent before a member leaves, and the others go on, down to the last one', async () => {
    const seeds = freshSeeds(3);
    const [a, b, c] = (await started(...seeds.map(id => join(id, seeds)))) as [Cluster, Cluster, Cluster];
    await Promise.all([a, b, c].map(member => member.whenReady()));
    const lastCalls = Array.from({ length: 50 }, () => a.get(Counter, 'c').add(1));
    const second = viewOf(b, 1);
    await a.close();
    expect(Math.max(...(await Promise.all(lastCalls)))).to.equal(50);
    expect(await codeOf(a.get(Counter, 'c').add(1))).to.include({ code: 'CLOSED', didExecute: 'no' });
    expect(await second).to.deep.equal({ id: 1, members: seeds.slice(1), joined: [], left: [seeds[0]] });
    expect(b.view).to.deep.include({ id: 1, members: seeds.slice(1) });
    expect(await b.get(Counter, 'c').add(1)).to.equal(51);
    expect(await c.get(Counter, 'c').read()).to.equal(51);
    const third = viewOf(c, 2);
    await b.close();
    expect(await third).to.deep.include({ members: [seeds[2]], left: [seeds[1]] });
    expect(await c.get(Counter, 'c').add(1)).to.equal(52);
    expect(await c.get(Counter, 'c').$all.read()).to.deep.equal(new Map([[seeds[2], 52]]));
  });

  it('closes all at once, under load, without an error', async () => {
    const seeds = freshSeeds(3);
    const group = await started(...seeds.map(id => join(id, seeds)));
    await Promise.all(group.map(member => member.whenReady()));
    const halts: string[] = [];
    for (const member of group) member.on('halted', reason => halts.push(reason));
    const calls = group.flatMap(member => Array.from({ length: 100 }, () => member.get(Counter, 'c').add(1)));
    await Promise.all(group.map(member => member.close()));
    expect(Math.max(...(await Promise.all(calls)))).to.equal(300);
    expect(halts).to.deep.equal([]);
  });

  it('goes on without one whose process would be gone, and that one says so to its callers', async () => {
    const seeds = freshSeeds(3);
    const group = await started(...seeds.map(id => join(id, seeds)));
    await Promise.all(group.map(member => member.whenReady()));
    const [a, b, c] = group as [Cluster, Cluster, Cluster];
    const halted = new Promise<string>(resolve => c.on('halted', resolve));
    const next = [a, b].map(member => viewOf(member, 1));
    const calls = group.map(member => settle(member.get(Counter, 'c').add(1)));
    nodeOf(a).member.memberLost(nodeOf(c).member.identity, 'a test');
    for (const view of await Promise.all(next)) expect(view.left).to.deep.equal([seeds[2]]);
    expect(await halted).to.match(/^the group goes on without this member after view 0: g\d+-n2 is lost/);
    const [first, second, third] = await Promise.all(calls);
    for (const place of [first, second]) expect(place).to.be.a('number');
    if (typeof third !== 'number') expect(third).to.include({ code: 'VIEW_ENDED' });
    const count = await a.get(Counter, 'c').read();
    const hasHappened = typeof third === 'number' || third!.didExecute === 'yes';
    expect(count).to.equal(hasHappened ? 3 : 2);
    expect(await codeOf(c.get(Counter, 'c').add(1))).to.include({ code: 'HALTED', didExecute: 'no' });
    expect(c.waitingFor).to.deep.equal([]);
  });

  it('makes room for callers that try again without a pause', async () => {
    const seeds = freshSeeds(2);
    const group = await started(...seeds.map(id => join(id, seeds, { ringBytes: 4096, queueBytes: 4096 })));
    const counter = group[0]!.get(Counter, 'busy');
    let refusals = 0;
    const addInTheEnd = async (): Promise<void> => {
      for (;;) {
        const answer: unknown = await counter.add(1).catch((error: unknown) => error);
        if (typeof answer === 'number') return;
        expect(answer).to.include({ code: 'OVERLOADED', didExecute: 'no' });
        refusals++;
      }
    };
    await Promise.all(Array.from({ length: 500 }, addInTheEnd));
    expect(await counter.read()).to.equal(500);
    expect(refusals).to.be.greaterThan(0);
  });

  it('leaves, whoever calls again and again meanwhile', async () => {
    const seeds = freshSeeds(2);
    const [a] = await started(...seeds.map(id => join(id, seeds)));
    const counter = a!.get(Counter, 'c');
    await counter.add(1);
    let isClosed = false;
    void a!.close().then(() => (isClosed = true));
    while (!isClosed) expect(await codeOf(counter.add(1))).to.include({ code: 'CLOSED', didExecute: 'no' });
  });

  it('tells who calls a group that has ended in vain, again and again, and still lives', async () => {
    const seeds = freshSeeds(1);
    const [alone] = await started(join(seeds[0]!, seeds));
    await alone!.whenReady();
    await alone!.close();
    let hasTicked = false;
    setImmediate(() => (hasTicked = true));
    while (!hasTicked) await codeOf(alone!.get(Counter, 'c').add(1));
  });

  it('lets a new group use the addresses of one that closed', async () => {
    const seeds = freshSeeds(2);
    for (let i = 1; i <= 3; i++) {
      const group = await Promise.all(seeds.map(id => join(id, seeds)));
      expect(await group[1]!.get(Counter, 'c').add(i)).to.equal(i);
      await Promise.all(group.map(member => member.close()));
    }
  });
});

describe('a cluster that cannot be', () => {
  it('is refused with all problems of its configuration at once', async () => {
    const attempt = createCluster({
      id: 'a b',
      seeds: [],
      fabric: 'carrier-pigeon',
      actors: [Date],
      ringBytes: 5,
    } as never);
    const error = await codeOf(attempt);
    expect(error.code).to.equal('CONFIG_INVALID');
    expect(error.problems).to.have.length.of.at.least(5);
  });

  it('says at both ends how definitions differ', async () => {
    const seeds = freshSeeds(2);
    const group = await Promise.all([join(seeds[0]!, seeds), join(seeds[1]!, seeds, { actors: [Other] })]);
    for (const member of group) {
      const error = await codeOf(member.whenReady());
      expect(error.code).to.equal('ACTOR_MISMATCH');
      expect(error.problems.join('\n'))
        .to.match(/version is [12] here and [12] there/)
        .and.to.match(/method add/);
    }
    expect(await codeOf(group[0].get(Counter, 'c').add(1))).to.include({ code: 'HALTED', didExecute: 'no' });
    await Promise.all(group.map(member => member.close()));
  });

  it('says that the lists of seeds differ', async () => {
    const [one, two, three] = freshSeeds(3) as [string, string, string];
    const group = await Promise.all([join(one, [one, two]), join(two, [two, one, three])]);
    const errors = await Promise.all(group.map(member => codeOf(member.whenReady())));
    expect(errors.map(error => error.code)).to.deep.equal(['CONFIG_INVALID', 'CONFIG_INVALID']);
    expect(errors[0]!.message).to.include(`'${two}' has the seeds`);
    await Promise.all(group.map(member => member.close()));
  });

  it('says that two members have one id', async () => {
    const seeds = freshSeeds(2);
    const group = await Promise.all(seeds.map(listen => join('twin', seeds, { listen })));
    const error = await codeOf(group[0]!.whenReady());
    expect(error.message).to.include("have the same id 'twin'");
    await Promise.all(group.map(member => member.close()));
  });

  it('says whose address it wanted', async () => {
    const seeds = freshSeeds(2);
    const first = await join(seeds[0]!, seeds);
    const error = await codeOf(join(seeds[0]!, seeds));
    expect(error.code).to.equal('ADDRESS_IN_USE');
    expect(error.message).to.include(seeds[0]);
    await first.close();
  });

  it('names the founder that never came', async () => {
    const seeds = freshSeeds(3);
    const present = await Promise.all(seeds.slice(0, 2).map(id => join(id, seeds, { bootstrapTimeout: 20 })));
    const early = present[0]!.get(Counter, 'c').add(1);
    const error = await codeOf(present[0]!.whenReady());
    expect(error.code).to.equal('BOOTSTRAP_TIMEOUT');
    expect(error.message).to.include(`still waits for: the founder at ${seeds[2]}`);
    expect((await codeOf(early)).code).to.equal('BOOTSTRAP_TIMEOUT');
    await Promise.all(present.map(member => member.close()));
  });
});

describe('a call that cannot be', () => {
  let alone: Cluster;
  before(async () => {
    const seeds = freshSeeds(1);
    alone = await join(seeds[0]!, seeds, { ringBytes: 65_536 });
  });
  after(() => alone.close());

  it('names an actor that the cluster does not have', () => {
    expect(() => alone.get(Other, 'c')).to.throw(BowechoError, "'counter' is not among");
    expect(() => alone.get(class {}, 'c')).to.throw(BowechoError);
  });

  it('has a bad key', () => {
    for (const key of ['', 'x'.repeat(300), 5, null]) {
      expect(() => alone.get(Counter, key as string))
        .to.throw(BowechoError)
        .with.property('code', 'ARGUMENT_INVALID');
    }
  });

  it('has a wrong argument', async () => {
    const counter = alone.get(Counter, 'c');
    const error = await codeOf(counter.add('five' as never));
    expect(error).to.include({ code: 'ARGUMENT_INVALID', didExecute: 'no' });
    expect(error.message).to.include('counter.add').and.to.include('argument 0');
    expect(await counter.read()).to.equal(0);
  });
});

describe('values that cannot travel', () => {
  const Box = defineActor({
    name: 'box',
    state: (): { content: unknown } => ({ content: undefined }),
    commands: {
      put(state, content: unknown) {
        state.content = content;
      },
    },
    queries: { look: state => state.content },
  });

  it('are refused at the call, with their path', async () => {
    const seeds = freshSeeds(1);
    await using cluster = await createCluster({
      id: seeds[0]!,
      seeds,
      fabric: 'in-process',
      actors: [Box],
      log: false,
      ringBytes: 65_536,
    });
    const box = cluster.get(Box, 'b');
    await box.put({ fine: new Map([['x', [1n, new Date(5), new Set([1])]]]) });
    for (const [content, path] of [
      [{ list: [1, () => 1] }, '.list[1]'],
      [new Map([['k', Symbol('s')]]), '"k"'],
      [{ at: new (class Point {})() }, '.at'],
    ] as const) {
      const error = await codeOf(box.put(content));
      expect(error).to.include({ code: 'NOT_SERIALIZABLE', didExecute: 'no' });
      expect(error.message).to.include(path);
    }
    expect(await codeOf(box.put(new Uint8Array(40_000)))).to.include({ code: 'TOO_LARGE', didExecute: 'no' });
    expect(await box.look()).to.deep.equal({ fine: new Map([['x', [1n, new Date(5), new Set([1])]]]) });
  });
});
