/**
 * A user's mistake must cost the user one call, one log line or one listener, and never the member: not a listener that
 * throws, not a log that is closed, not an error that cannot be looked at.
 */
import { BowechoError, createCluster, ctx, defineActor, type Cluster, type Log } from '@bowecho/actors';
import { expect } from 'chai';

const Counter = defineActor({
  name: 'counter',
  state: () => ({ value: 0 }),
  commands: {
    add(state) {
      state.value++;
      ctx.log.info('added');
      return state.value;
    },
    trap(state) {
      state.value = 1000;
      throw new Proxy(new Error('p'), { getPrototypeOf: () => fail('a trap') });
    },
    strange(state) {
      state.value = 1000;
      throw new BowechoError('MY_CODE' as never, 'no code of this list');
    },
  },
  queries: { read: state => state.value },
});

function fail(sentence: string): never {
  throw new Error(sentence);
}

/** A log that keeps its errors; `isBroken` makes it throw. */
function keptLog(isBroken: boolean): Log & { readonly errors: unknown[][] } {
  const errors: unknown[][] = [];
  const write = (): void => (isBroken ? fail('the stream is closed') : undefined);
  const error = (...entry: unknown[]): void => void errors.push(entry);
  return { trace: write, debug: write, info: write, warn: write, error: isBroken ? write : error, errors };
}

describe("a user's mistake", () => {
  let groups = 0;
  let group: Cluster[] = [];

  async function start(log: Log): Promise<void> {
    const seeds = [`mistake${groups}-a`, `mistake${groups++}-b`];
    group = await Promise.all(
      seeds.map(id =>
        createCluster({
          id,
          seeds,
          fabric: 'in-process',
          actors: [Counter],
          log: id === seeds[0] ? log : false,
          ringBytes: 65_536,
        }),
      ),
    );
  }

  afterEach(() => Promise.all(group.map(member => member.close())));

  it('in a listener is logged, and halts nobody', async () => {
    const log = keptLog(false);
    await start(log);
    const heard: string[] = [];
    for (const event of ['view', 'state', 'deadLetter', 'halted'] as const) {
      group[0]!.on(event, () => fail(`my ${event} listener`));
      group[0]!.on(event, () => heard.push(event));
    }
    const rejects = (() => Promise.reject(new Error('my async listener'))) as unknown as () => void;
    group[0]!.on('view', rejects);
    await group[0]!.whenReady();
    const counter = group[0]!.get(Counter, 'c');
    counter.$tell.add(...([1, 2, 3] as unknown as []));
    counter.$tell.strange();
    expect(await counter.add()).to.be.a('number');
    expect(heard).to.include('view').and.to.include('state').and.to.include('deadLetter');
    const logged = log.errors.map(
      ([fields, sentence]) => `${String(sentence)}: ${(fields as { err: Error }).err.message}`,
    );
    expect(logged).to.include("a listener of 'view' threw: my view listener");
    expect(logged).to.include("a listener of 'view' threw: my async listener");
    expect(logged).to.include("a listener of 'deadLetter' threw: my deadLetter listener");
  });

  it('in a log makes no replica differ, and halts nobody', async () => {
    await start(keptLog(true));
    const [a, b] = group.map(member => member.get(Counter, 'c'));
    expect(await b!.add()).to.equal(1);
    expect(await a!.add()).to.equal(2);
    expect(await b!.read()).to.equal(2);
    expect(new Set(group.map(member => member.digest(Counter)))).to.have.lengthOf(1);
  });

  it('in what is thrown is one failed call, rolled back everywhere', async () => {
    await start(keptLog(false));
    const [a, b] = group.map(member => member.get(Counter, 'c'));
    for (const method of ['trap', 'strange'] as const) {
      for (const call of [a![method](), a!.$all[method]()]) {
        const error: unknown = await call.then(
          () => fail('it did not throw'),
          (thrown: unknown) => thrown,
        );
        expect(error).to.include({ code: 'HANDLER_THREW', didExecute: 'no' });
      }
    }
    expect(await a!.add()).to.equal(1);
    expect(await b!.read()).to.equal(1);
  });
});
