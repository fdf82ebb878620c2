/**
 * Processes that come, fail, go and come back at the same addresses, and calls that are made before there is a group.
 * Nobody may be bound to a process that is gone, and every call made too early is answered in bounded time.
 */
import {
  BowechoError,
  Cluster,
  InProcessControl,
  InProcessHub,
  createCluster,
  defineActor,
  resolveConfig,
} from '@bowecho/actors';
import type { ClusterConfig, ControlHandler, Greeting } from '@bowecho/actors';
import type { ControlMessage, MemberIdentity } from '@bowecho/core';
import { expect } from 'chai';

const Counter = defineActor({
  name: 'counter',
  state: () => ({ value: 0 }),
  commands: { add: state => ++state.value },
  queries: { read: state => state.value },
});

let groups = 0;

function freshSeeds(): [string, string] {
  const group = groups++;
  return [`again${group}-a`, `again${group}-b`];
}

describe('founding again', () => {
  let members: Cluster[] = [];

  async function join(
    id: string,
    seeds: readonly string[],
    more: Partial<ClusterConfig> = {},
  ): Promise<Cluster> {
    const options = { fabric: 'in-process', actors: [Counter], log: false, ringBytes: 65_536 } as const;
    const member = await createCluster({ id, seeds, ...options, ...more });
    members.push(member);
    return member;
  }

  afterEach(async () => {
    await Promise.all(members.map(member => member.close()));
    members = [];
  });

  async function endOf(call: Promise<unknown>): Promise<unknown> {
    return call.catch((error: unknown) => {
      expect(error).to.be.instanceOf(BowechoError);
      const { code, didExecute } = error as BowechoError;
      return `${code} ${didExecute}`;
    });
  }

  it('works one process after the other', async () => {
    const seeds = freshSeeds();
    const [a, b] = await Promise.all(seeds.map(id => join(id, seeds)));
    await Promise.all([a!.whenReady(), b!.whenReady()]);
    const alone = new Promise(resolve => a!.on('view', ({ id }) => id === 1 && resolve(id)));
    await b!.close();
    const b2 = await join(seeds[1], seeds); // says hello to the old process at the other address
    await alone;
    expect(await a!.get(Counter, 'c').add(), 'the old group goes on').to.equal(1);
    await b2.whenReady();
    expect(await b2.get(Counter, 'c').add(), 'and the other is in it').to.equal(2);
    await a!.close();
    const a2 = await join(seeds[0], seeds);
    await a2.whenReady();
    expect(await a2.get(Counter, 'c').add(), 'which outlives all its founders').to.equal(3);
  });

  it('is not undone by closing the attempt before', async () => {
    const seeds = freshSeeds();
    const failed = await join(seeds[0], seeds, { bootstrapTimeout: 10 });
    expect(await endOf(failed.whenReady())).to.equal('BOOTSTRAP_TIMEOUT undefined');
    const a = await join(seeds[0], seeds);
    await failed.close();
    const b = await join(seeds[1], seeds);
    await Promise.all([a.whenReady(), b.whenReady()]);
  });

  /** A member whose channel the test has. */
  async function open(
    hub: InProcessHub,
    id: string,
    seeds: readonly string[],
    control: InProcessControl,
  ): Promise<Cluster> {
    const config = { id, seeds, fabric: 'in-process', actors: [Counter], log: false } as const;
    const resolved = resolveConfig({ ...config, ringBytes: 65_536 });
    const cluster = new Cluster(resolved, hub.network.createFabric(), () => control);
    members.push(cluster);
    await cluster.open();
    return cluster;
  }

  function handlerOf(control: InProcessControl): ControlHandler {
    return (control as unknown as { readonly handler: ControlHandler }).handler;
  }

  function bootstrapOf(cluster: Cluster): {
    readonly me: Greeting;
    readonly early: { readonly size: number };
  } {
    return (cluster as unknown as { readonly bootstrap: ReturnType<typeof bootstrapOf> }).bootstrap;
  }

  function greetingOf(cluster: Cluster): Greeting {
    return bootstrapOf(cluster).me;
  }

  it('waits for the successor of a founder that has gone before all had come', async () => {
    const seeds = [...freshSeeds(), `again${groups}-c`];
    const a = await join(seeds[0]!, seeds);
    const b = await join(seeds[1]!, seeds);
    const waitsFor = (...ids: number[]): boolean =>
      a.waitingFor.join() === ids.map(id => `the founder at ${seeds[id]} (nobody listens there)`).join();
    while (!waitsFor(2)) await new Promise(resolve => setImmediate(resolve));
    await b.close();
    while (!waitsFor(1, 2)) await new Promise(resolve => setImmediate(resolve));
    const c = await join(seeds[2]!, seeds);
    const b2 = await join(seeds[1]!, seeds);
    await Promise.all([a, b2, c].map(member => member.whenReady()));
  });

  it('has its keys told again where the way broke, also by a member that has all it needs itself', async () => {
    const seeds = freshSeeds();
    const hub = new InProcessHub();
    let lost: ControlMessage | undefined;
    class ThatLosesKeys extends InProcessControl {
      override send(to: MemberIdentity, message: ControlMessage): boolean {
        if (lost !== undefined || message.kind !== 'keys') return super.send(to, message);
        lost = message;
        return true;
      }
    }
    const control = new ThatLosesKeys(hub, seeds[0]);
    const a = await open(hub, seeds[0], seeds, control);
    const installing = new Promise<void>(resolve => {
      a.on('state', ({ to }) => to === 'installing' && resolve());
    });
    const b = await open(hub, seeds[1], seeds, new InProcessControl(hub, seeds[1]));
    await installing;
    const greeting = greetingOf(b);
    handlerOf(control).lost(greeting.identity, 'a test');
    handlerOf(control).answered(seeds[1], greeting);
    await Promise.all([a.whenReady(), b.whenReady()]);
  });

  it('says at once that a founder was replaced while the group formed', async () => {
    const seeds = freshSeeds();
    const hub = new InProcessHub();
    class WithoutKeys extends InProcessControl {
      override send(): boolean {
        return true; // what it says never arrives
      }
    }
    const control = new InProcessControl(hub, seeds[0]);
    const a = await open(hub, seeds[0], seeds, control);
    const b = await open(hub, seeds[1], seeds, new WithoutKeys(hub, seeds[1]));
    while (a.waitingFor.join() !== `the keys of ${seeds[1]}`)
      await new Promise(resolve => setImmediate(resolve));
    const { identity } = greetingOf(b);
    const successor = { ...greetingOf(b), identity: { ...identity, incarnation: identity.incarnation + 1 } };
    handlerOf(control).answered(seeds[1], successor);
    expect(await endOf(a.whenReady())).to.equal('MEMBER_LOST undefined');
  });

  it('is not kept from it by a stranger who says a lot before there is a group', async () => {
    const seeds = freshSeeds();
    const hub = new InProcessHub();
    const control = new InProcessControl(hub, seeds[0]);
    const a = await open(hub, seeds[0], seeds, control);
    const from = { id: 'stranger', incarnation: 1 };
    const nothing = new Uint8Array();
    const { received } = handlerOf(control);
    for (let i = 0; i < 2_000; i++) {
      received({ kind: 'application', vid: 0, from, bytes: nothing });
      received({ kind: 'keys', vid: 0, from, address: nothing, memberTable: nothing, shardTables: [] });
    }
    expect(bootstrapOf(a).early.size).to.equal(1);
    const b = await open(hub, seeds[1], seeds, new InProcessControl(hub, seeds[1]));
    await Promise.all([a.whenReady(), b.whenReady()]);
  });

  it('is not halted by what an earlier group still says', async () => {
    const seeds = freshSeeds();
    const hub = new InProcessHub();
    const control = new InProcessControl(hub, seeds[0]);
    const first = await open(hub, seeds[0], seeds, control);
    const say = (from: MemberIdentity, vid: number): void => {
      const message: ControlMessage = { kind: 'application', vid, from, bytes: new Uint8Array(3) };
      handlerOf(control).received(message);
    };
    say({ id: seeds[1], incarnation: 1 }, 0); // before there is a group
    const second = await open(hub, seeds[1], seeds, new InProcessControl(hub, seeds[1]));
    await Promise.all([first.whenReady(), second.whenReady()]);
    say({ id: seeds[1], incarnation: 1 }, 0);
    say({ id: 'stranger', incarnation: 1 }, 0);
    say(greetingOf(second).identity, 7);
    expect(await first.get(Counter, 'c').add()).to.equal(1);
  });

  it('says in typed errors what cannot be started', async () => {
    const seeds = freshSeeds();
    const group = await Promise.all(seeds.map(id => join(id, seeds, { ringBytes: 2 ** 30 })));
    for (const member of group) expect(await endOf(member.whenReady())).to.equal('CONFIG_INVALID undefined');
  });

  it('bounds early calls by their own timeout and signal', async () => {
    const seeds = freshSeeds();
    const a = await join(seeds[0], seeds);
    const counter = a.get(Counter, 'c');
    const controller = new AbortController();
    const ends = [
      counter.$with({ timeout: 1 }).add(),
      counter.$with({ signal: controller.signal }).add(),
      counter.$with({ signal: AbortSignal.abort() }).add(),
    ].map(endOf);
    expect(a.pendingCalls).to.equal(2);
    controller.abort();
    expect(await Promise.all(ends)).to.deep.equal(['TIMEOUT no', 'ABORTED no', 'ABORTED no']);
    expect(a.pendingCalls).to.equal(0);
    const late = counter.$with({ timeout: 10_000, signal: new AbortController().signal }).add();
    await join(seeds[1], seeds);
    expect(await late).to.equal(1);
    expect(await counter.read()).to.equal(1);
  });

  it('makes early calls before any that are made when the group runs', async () => {
    const seeds = freshSeeds();
    const a = await join(seeds[0], seeds);
    const counter = a.get(Counter, 'c');
    const calls: Promise<unknown>[] = [];
    a.on('view', () => calls.push(counter.add()));
    calls.push(counter.add(), counter.add());
    counter.$tell.add();
    await join(seeds[1], seeds);
    await a.whenReady();
    expect(await Promise.all(calls)).to.deep.equal([1, 2, 4]);
  });

  it('fails early calls when it is closed, and says that they did not execute', async () => {
    const seeds = freshSeeds();
    const a = await join(seeds[0], seeds);
    const lost: Error[] = [];
    a.on('deadLetter', error => lost.push(error));
    const call = endOf(a.get(Counter, 'c').add());
    const ready = endOf(a.whenReady());
    a.get(Counter, 'c').$tell.add();
    await a.close();
    expect(await call).to.equal('CLOSED no');
    expect(await ready).to.match(/^CLOSED/);
    expect(await endOf(a.get(Counter, 'c').add())).to.equal('CLOSED no');
    expect(lost.map(error => (error as BowechoError).code)).to.deep.equal(['CLOSED']);
  });
});
