/**
 * Goal: whoever goes and whenever, those who go on lose and repeat nothing, nobody is told a wrong thing, and nobody waits for ever.
 * Method: random stories of five members in a small world: they die in the midst of their writes, are taken for dead, leave, and links and
 * the control channel are slow.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { BowechoError, type DeliveryMode } from '@bowecho/core';
import { CHANGE, SUSPICION, World, describeView, expectOneGroup, type Node } from './small-world.js';

const rank = fc.nat(4);
const disturbance = fc.oneof(
  fc.record({ kind: fc.constant('dies' as const), rank, share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ kind: fc.constant('is taken for dead' as const), rank, by: rank }),
);
const departure = fc.oneof(disturbance, fc.record({ kind: fc.constant('leaves' as const), rank }));
const quiet = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('round' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      rank,
      count: fc.integer({ min: 1, max: 12 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('hold' as const), rank, to: rank }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const) }) },
);
const anything = fc.oneof(
  { weight: 15, arbitrary: quiet },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('mail' as const), isHeld: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      micros: fc.integer({ min: 10, max: 3 * SUSPICION }),
    }),
  },
  { weight: 1, arbitrary: departure },
);
type Step = typeof anything extends fc.Arbitrary<infer S> ? S : never;
/** Two of five go, so that a majority of each view is left, however the two come. */
const story = fc
  .tuple(
    fc.array(quiet, { maxLength: 40 }),
    disturbance,
    fc.array(quiet, { maxLength: 25 }),
    departure,
    fc.array(quiet, { maxLength: 25 }),
  )
  .map(([before, first, between, second, after]): readonly Step[] => [
    ...before,
    first,
    ...between,
    second,
    ...after,
  ]);

/** Sends messages of many sizes, as far as they are taken, and notes them. */
function sendSome(node: Node, count: number, sent: string[]): void {
  try {
    for (let i = 0; i < count; i++) {
      const text = `${sent.length} ${'x'.repeat(i * 3)}`;
      node.send(text);
      sent.push(`${node.id} ${text}`);
    }
  } catch (error) {
    // Who leaves or has halted takes nothing; anything else is wrong.
    expect(error).to.be.instanceOf(BowechoError).with.property('code').that.is.oneOf(['CLOSED', 'HALTED']);
  }
}

/** Plays a story, then lets everything land, and so many microseconds go by. Returns what was sent, by rank. */
function play(world: World, steps: readonly Step[], after: number): readonly (readonly string[])[] {
  const { nodes } = world;
  const sent = nodes.map((): string[] => []);
  for (const step of steps) {
    if (step.kind === 'round') world.round();
    else if (step.kind === 'release') world.release();
    else if (step.kind === 'mail') world.isMailHeld = step.isHeld;
    else if (step.kind === 'wait') world.runFor(step.micros);
    else {
      const node = nodes[step.rank]!;
      if (step.kind === 'dies') world.kill(node, step.share);
      else if (step.kind === 'leaves') node.member.leave('maintenance');
      else if (step.kind === 'hold') world.hold(node, nodes[step.to]!);
      else if (step.kind === 'is taken for dead') {
        if (step.by !== step.rank) nodes[step.by]!.member.memberLost(node.identity, 'so it is said');
      } else if (node.isAlive) sendSome(node, step.count, sent[step.rank]!);
    }
  }
  world.release();
  world.isMailHeld = false;
  world.runFor(after);
  return sent;
}

/** What must be true of all, whatever happened; and of those who run, if any do. */
function expectTruth(world: World, sent: readonly (readonly string[])[], mode: DeliveryMode): void {
  const { nodes } = world;
  const running = nodes.filter(({ isAlive, member }) => isAlive && member.state === 'running');
  const [first] = running;
  for (const node of running)
    expect(describeView(node.member.view)).to.equal(describeView(first!.member.view));
  if (mode === 'ordered') {
    if (first !== undefined) expectOneGroup(running, first.member.view.vid);
    const most = nodes.reduce((best, node) => (node.delivered.length > best.delivered.length ? node : best));
    for (const { delivered } of nodes)
      expect(most.delivered.slice(0, delivered.length)).to.deep.equal(delivered);
  }
  for (const node of nodes) {
    for (const sender of nodes) {
      const heard = node.delivered.filter(text => text.startsWith(sender.id));
      const all = sent[sender.rank]!;
      const isWhole = running.includes(node) && (running.includes(sender) || sender.member.state === 'left');
      expect(heard).to.deep.equal(isWhole ? all : all.slice(0, heard.length));
    }
    const isOver = ['left', 'halted'].includes(node.member.state);
    expect(node.ends.length, node.id).to.equal(isOver ? 1 : 0);
    const elsewhere = node.ends[0]?.executedElsewhere[0];
    if (elsewhere === undefined || first === undefined || mode === 'unordered') continue;
    const own = (of: Node): number => of.delivered.filter(text => text.startsWith(node.id)).length;
    expect(own(node) + elsewhere, `of ${node.id} at ${first.id}`).to.equal(own(first));
  }
}

for (const mode of ['ordered', 'unordered'] as const) {
  describe(`members that go at any time, ${mode}`, () => {
    it('leave a group that has lost and repeated nothing of those who go on', () => {
      fc.assert(
        fc.property(story, steps => {
          const world = new World(5, mode);
          expectTruth(world, play(world, steps, 4 * SUSPICION), mode);
          const running = world.nodes.filter(({ isAlive, member }) => isAlive && member.state === 'running');
          expect(running.length).to.be.at.least(3);
          for (const { changes } of running) expect(changes.length).to.be.at.most(2 * CHANGE.length);
          world.close();
        }),
        { numRuns: 80 },
      );
    });

    it('bring nobody to wait for ever, however many go, and whoever is wrongly suspected', () => {
      fc.assert(
        fc.property(fc.array(anything, { minLength: 20, maxLength: 80 }), steps => {
          const world = new World(5, mode);
          expectTruth(world, play(world, steps, 20 * SUSPICION), mode);
          const waiting = world.nodes
            .filter(({ isAlive, member }) => isAlive && !['running', 'left', 'halted'].includes(member.state))
            .map(({ id, member }) => `${id} is ${member.state}: ${member.waitingFor().join()}`);
          expect(waiting).to.deep.equal([]);
          world.close();
        }),
        { numRuns: 80 },
      );
    });
  });
}
