/**
 * Goal: a learner that was let in has what every replica has where its first view begins, whatever was called meanwhile, and
 * however views came and went.
 * Method: three members and a learner that move only by random steps. What one teaches arrives in its order, and late. A lesson
 * that loses one command, or one place, must show.
 */
import { Command, Replicated, ctx, definitionOf, type Ref } from '@bowecho/actors';
import { expect } from 'chai';
import fc from 'fast-check';
import { Learner, type Learned } from '../../src/transfer/learner.js';
import { decodeTransfer, encodeTransfer, type TransferMessage } from '../../src/transfer/transfer-message.js';
import { NodesByHand } from '../calls/nodes-by-hand.js';

@Replicated({ name: 'shelf', replicas: 8, shards: 2 })
class Shelf {
  private readonly books = new Map<string, { readonly place: string; readonly luck: number }>();
  private readonly views: string[] = [];
  onViewChange(): void {
    this.views.push(`${ctx.now().getTime()} ${ctx.id()}`);
  }
  @Command() put(book: string): number {
    this.books.set(book, { place: ctx.id(), luck: ctx.random() });
    return this.books.size;
  }
  @Command() take(book: string): string | undefined {
    const found = this.books.get(book);
    this.books.delete(book);
    return found?.place;
  }
  @Command() burn(): void {
    ctx.destroy();
  }
}

const COUNT = 3;
const KEYS = 12;
const ME = { id: 'n9', incarnation: 99 };
const ignore = (): void => undefined;
const SILENT = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

const key = fc.nat(KEYS - 1);
const action = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constantFrom('put' as const, 'put' as const, 'take' as const, 'burn' as const),
      node: fc.nat(COUNT - 1),
      key,
      book: fc.nat(3),
      once: fc.option(fc.nat(20), { nil: undefined }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('step' as const), node: fc.nat(COUNT - 1) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('hear' as const), count: fc.integer({ min: 1, max: 9 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const) }) },
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

class Story {
  /** What is under way to the learner. */
  private readonly mail: { readonly from: number; readonly bytes: Uint8Array }[] = [];
  readonly group = new NodesByHand(Shelf, {
    count: COUNT,
    onTransfer: (from, bytes) => this.mail.push({ from, bytes }),
  });
  readonly learner: Learner;
  learned: Learned | undefined;
  failure: string | undefined;
  /** Whether it can come in as another incarnation only. */
  isGone = false;
  private hasLeft = false;

  /** @param isLost whether that message is lost on its way */
  constructor(private readonly isLost: (message: TransferMessage) => boolean = () => false) {
    this.learner = new Learner({
      me: ME,
      definitions: [definitionOf(Shelf)],
      log: SILENT,
      guard: undefined,
      send: (to, bytes) => {
        const node = [0, 1, 2].find(each => this.group.identityOf(each).id === to.id)!;
        expect(this.group.nodes[node]!.lessons.receive(ME, bytes)).to.equal(undefined);
        return true;
      },
      isReachable: () => true,
      onLearned: learned => (this.learned = learned),
      onFailed: (reason, isGone) => Object.assign(this, { failure: reason, isGone }),
    });
  }

  take(step: Action): void {
    const { group } = this;
    switch (step.kind) {
      case 'step':
        group.now += 1_000;
        group.step(step.node);
        break;
      case 'hear':
        this.hear(step.count);
        break;
      case 'wait':
        group.now += 200_000;
        break;
      case 'leave': // who does not teach goes
        if (!this.hasLeft) group.nodes[2]!.leave('a test');
        this.hasLeft = true;
        break;
      default:
        this.call(step);
    }
  }

  private call({ kind, node, key: number, book, once }: Extract<Action, { key: number }>): void {
    let shelf: Pick<Ref<Shelf>, 'put' | 'take' | 'burn'> = this.group.ref(Shelf, node, `k${number}`);
    if (once !== undefined)
      shelf = (shelf as Ref<Shelf>).$with({ idempotencyKey: `${kind} ${book} ${once}` });
    const call = kind === 'burn' ? shelf.burn() : shelf[kind](`book ${book}`);
    call.catch(ignore); // a member that leaves refuses
  }

  /** The learner hears the next of what was said to it. */
  hear(count: number): void {
    for (const { from, bytes } of this.mail.splice(0, count)) {
      if (this.isLost(decodeTransfer(bytes))) continue;
      this.learner.receive(this.group.identityOf(from), bytes);
    }
  }

  /** Goes on until the learner is in. */
  finish(): void {
    for (let i = 0; i < 400 && this.learned === undefined && this.failure === undefined; i++) {
      this.group.now += 10_000;
      this.group.runAll();
      this.hear(5);
    }
  }

  /** All that there is of every key, at a member and at the learner. */
  states(): readonly [unknown, unknown] {
    const node = this.group.nodes[0]!;
    const replicas = node.replicasOf(definitionOf(Shelf));
    const theirs = replicas.map(replica => ({
      moment: replica.moment,
      keys: Object.fromEntries([...replica.keptKeys()].sort().map(each => [each, replica.digest(each)])),
    }));
    const mine = this.learned!.replicas.map(replica => ({
      moment: replica!.moment,
      keys: Object.fromEntries([...replica!.keptKeys()].sort().map(each => [each, replica!.digest(each)])),
    }));
    return [mine, theirs];
  }
}

function tell(actions: readonly Action[], before: readonly Action[], story = new Story()): Story {
  for (const step of before) story.take(step);
  story.learner.ask(story.group.identityOf(0));
  for (const step of actions) story.take(step);
  story.finish();
  return story;
}

const actions = fc.array(action, { maxLength: 120 });

describe('a transfer', () => {
  it('gives a learner what the replicas have where its view begins', () => {
    fc.assert(
      fc.property(actions, actions, (before, during) => {
        const story = tell(during, before);
        expect(story.failure).to.equal(undefined);
        expect(story.learned, 'it was let in').not.to.equal(undefined);
        const [mine, theirs] = story.states();
        expect(mine).to.deep.equal(theirs);
        const { members } = story.learned!.view;
        expect(members[members.length - 1]).to.deep.equal(ME);
      }),
      { numRuns: 150 },
    );
  });

  const planted: readonly (readonly [string, (message: TransferMessage) => boolean])[] = [
    ['a command', ({ kind }) => kind === 'command'],
    ['an instance', ({ kind }) => kind === 'state'],
    ['a view', message => message.kind === 'entered' && message.view.members.every(({ id }) => id !== ME.id)],
  ];
  for (const [what, isOfThatKind] of planted) {
    it(`that loses ${what} is noticed`, () => {
      const result = fc.check(
        fc.property(actions, actions, (before, during) => {
          let isLost = false;
          const story = new Story(message => {
            if (isLost || !isOfThatKind(message)) return false;
            isLost = true;
            return true;
          });
          tell(during, before, story);
          const [mine, theirs] = story.states();
          expect(mine).to.deep.equal(theirs);
        }),
        { numRuns: 200, endOnFailure: true },
      );
      expect(result.failed, 'some run shows it').to.equal(true);
    });
  }

  it('of an instance that is larger than a piece arrives whole', () => {
    const story = new Story();
    const shelf = story.group.ref(Shelf, 0);
    const long = 'x'.repeat(10_000);
    for (let i = 0; i < 300; i++) {
      shelf.put(`${i} ${long}`).catch(ignore);
      story.group.runAll();
    }
    story.learner.ask(story.group.identityOf(1));
    story.finish();
    const [mine, theirs] = story.states();
    expect(mine).to.deep.equal(theirs);
  });

  it('ends with a reason where its teacher goes', () => {
    const story = new Story();
    story.learner.ask(story.group.identityOf(2));
    story.group.nodes[2]!.leave('a test');
    story.finish();
    expect(story.failure).to.match(/^'n2' refused: /);
  });

  it('to one that is let in before it has learned all ends for good', () => {
    const story = new Story();
    for (let i = 0; i < 5_000; i++) story.group.ref(Shelf, 0, `k${i}`).put('a book').catch(ignore);
    story.group.runAll();
    story.learner.ask(story.group.identityOf(0));
    story.hear(1); // the group; from now on it learns
    expect(story.group.nodes[0]!.member.admit(ME)).to.equal(undefined);
    story.group.runAll(); // the view changes before all can be given
    story.hear(Infinity);
    expect(story.failure).to.equal('the group took it in before it had learned all');
    expect(story.isGone).to.equal(true);
  });

  it('is given to four at a time', () => {
    const refused: string[] = [];
    const group = new NodesByHand(Shelf, {
      count: COUNT,
      onTransfer: (_, bytes) => {
        const message = decodeTransfer(bytes);
        if (message.kind === 'refused') refused.push(message.reason);
      },
    });
    const learn = encodeTransfer({ kind: 'learn', sets: [0] });
    for (let number = 0; number < 5; number++)
      group.nodes[0]!.lessons.receive({ id: `learner${number}`, incarnation: 1 }, learn);
    expect(refused).to.deep.equal(['4 processes learn here just now']);
  });

  it('is given in a quarter of the time of a member that is busy, and in all of it else', () => {
    const GIFT_MICROS = 400;
    let given = 0;
    const group: NodesByHand = new NodesByHand(Shelf, {
      count: COUNT,
      onTransfer: (_, bytes) => {
        if (decodeTransfer(bytes).kind !== 'state') return;
        given++;
        group.now += GIFT_MICROS;
      },
    });
    for (let i = 0; i < 2_000; i++) group.ref(Shelf, 0, `k${i}`).put('a book').catch(ignore);
    group.runAll();
    const { lessons } = group.nodes[0]!;
    lessons.receive(ME, encodeTransfer({ kind: 'learn', sets: [0] }));
    const shareOfGiving = (isBusy: boolean): number => {
      const [from, before] = [group.now, given];
      for (let step = 0; step < 400 && given - before < 200; step++) {
        lessons.doWork(group.now, isBusy);
        group.now += 1_000; // its own work, or none
      }
      expect(given - before).to.be.at.least(200);
      return ((given - before) * GIFT_MICROS) / (group.now - from);
    };
    expect(shareOfGiving(true)).to.be.within(0.2, 0.35);
    group.now += 100_000; // nothing was to do for long
    expect(shareOfGiving(false)).to.be.above(0.9);
  });

  it('of which nothing is heard ends after a while', () => {
    const story = new Story();
    story.learner.ask(story.group.identityOf(0));
    story.hear(10);
    for (let i = 0; i <= 50; i++) story.learner.tick();
    expect(story.failure).to.equal("nothing was heard of 'n0'");
  });

  it('takes bytes that make no sense for what they are', () => {
    const story = new Story();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
        const problem = story.group.nodes[0]!.lessons.receive(ME, bytes);
        if (problem !== undefined) expect(problem).to.be.a('string');
      }),
    );
    story.learner.ask(story.group.identityOf(0));
    story.hear(1);
    story.learner.receive(story.group.identityOf(0), new Uint8Array([1, 2, 3]));
    expect(story.failure).to.match(/^what 'n0' teaches makes no sense: /);
  });
});
