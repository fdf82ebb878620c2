/**
 * Goal: one record is chosen for the end of a view, whoever dies, and one is chosen in the end; and each rule of that is
 * needed. Method: a random model around the shipped code; without any one of its rules something goes wrong.
 *
 * `MODEL_SEED=<n>` replays one run step by step; `MODEL_RULE=<name>` with that bug. `MUTANTS=verbose` says how many seeds it
 * took to find each.
 */
import { JOINER_CELLS, RecordLayout, ViewDecision, type ViewRecord, type Vote } from '@bowecho/core';
import { expect } from 'chai';
import { DecisionModel, PROTOCOL_ROWS } from './decision-model.js';

const SEEDS = 4000;

/** What a planted bug may reach for. */
interface Insides {
  votes: Vote[];
  ballot: number;
  readonly size: number;
  readonly myRank: number;
  readonly mine: Vote;
  accept(record: NonNullable<Vote['record']>): void;
}

type Method = (this: Insides, ...args: never[]) => unknown;

/** By name, a method of ViewDecision and what it is replaced by. */
const BUGS: Readonly<Record<string, readonly [method: string, broken: (original: Method) => Method]>> = {
  'makes a record of its own where one was accepted': [
    'carryOn',
    original =>
      function () {
        const { votes } = this;
        this.votes = votes.map(vote => ({ ...vote, record: undefined, accepted: 0 }));
        const { promised, accepted, record } = votes[this.myRank]!;
        original.call(this);
        const mine = this.mine;
        this.votes = [...votes];
        this.votes[this.myRank] = mine.accepted > 0 ? mine : { promised, accepted, record };
      },
  ],
  'needs no promises under any ballot': [
    'carryOn',
    () =>
      function () {
        finish(this, [this.mine]);
      },
  ],
  'accepts below its promise': [
    'acceptHighest',
    () =>
      function () {
        for (const { accepted, record } of this.votes) {
          if (record !== undefined && accepted > this.mine.accepted)
            this.votes[this.myRank] = {
              promised: Math.max(accepted, this.mine.promised),
              accepted,
              record,
            };
        }
      },
  ],
  'uses a ballot that others use': [
    'ownedAbove',
    () =>
      function (highest: number) {
        return highest + 1;
      },
  ],
  'never promises': ['followPromises', () => function () {}],
  'never accepts what others propose': ['acceptHighest', () => function () {}],
};

/** What `carryOn` does once it has promises enough, as these bugs count them. */
function finish(insides: Insides, promises: readonly Vote[]): void {
  const { makeRecord } = insides as unknown as {
    makeRecord: () => { fates: []; trims: []; layout: []; joiners: [] };
  };
  const highest = promises.reduce((best, vote) => (vote.accepted > best.accepted ? vote : best));
  const { fates, trims, layout, joiners } = highest.record ?? makeRecord();
  insides.accept({ ballot: insides.ballot, fates, trims, layout, joiners });
}

function withBug<T>(name: string, run: () => T): T {
  const [method, broken] = BUGS[name]!;
  const original = Reflect.get(ViewDecision.prototype, method) as Method;
  expect(original, method).to.be.a('function');
  Reflect.set(ViewDecision.prototype, method, broken(original));
  try {
    return run();
  } finally {
    Reflect.set(ViewDecision.prototype, method, original);
  }
}

/** What the cells hold, whatever it is: fates as they come, one set whose senders are all members, and its layout in one cell. */
function readUnchecked(cells: Float64Array, ballot: number): ViewRecord {
  const size = (cells.length - 3 - JOINER_CELLS) / 2;
  const fates = Array.from(cells.subarray(1, 1 + size), cell => (cell === 2 ? 'stays' : 'lost'));
  const trims = [Array.from(cells.subarray(1 + size, 1 + 2 * size))];
  const layout = [[Math.log2(cells[1 + 2 * size]!)]];
  return { ballot, fates, trims, layout, joiners: [] };
}

function firstWrong(rules = PROTOCOL_ROWS): { readonly seed: number; readonly what: string } | undefined {
  for (let seed = 0; seed < SEEDS; seed++) {
    let what: string | undefined;
    try {
      what = new DecisionModel(seed, rules).run();
    } catch (error) {
      what = String(error);
    }
    if (what !== undefined) return { seed, what };
  }
  return undefined;
}

describe('decision model', () => {
  const seed = process.env['MODEL_SEED'];
  if (seed !== undefined) {
    it(`replays seed ${seed}`, () => {
      const run = (): string | undefined =>
        new DecisionModel(Number(seed), PROTOCOL_ROWS, line => console.log(line)).run();
      const bug = process.env['MODEL_RULE'];
      expect(bug === undefined ? run() : withBug(bug, run)).to.equal(undefined);
    });
    return;
  }

  it(`chooses one record, and does choose one, in ${SEEDS} seeds`, () => {
    const wrong = firstWrong();
    const replay = `MODEL_SEED=${wrong?.seed} npx mocha --no-config packages/core/dist/test/model/decision-model.test.js`;
    expect(wrong && `seed ${wrong.seed}: ${wrong.what}\n  replay with ${replay}`).to.equal(undefined);
  });

  it('is tried with proposers that meet, and with members that die', () => {
    const models = Array.from({ length: 100 }, (_, each) => new DecisionModel(each));
    for (const model of models) model.run();
    expect(models.filter(model => model.proposals > 1).length).to.be.above(50);
    expect(models.filter(model => model.crashes > 0).length).to.be.above(20);
  });

  const tell = (wrong: ReturnType<typeof firstWrong>): void => {
    expect(wrong, 'a run that goes wrong').not.to.equal(undefined);
    if (process.env['MUTANTS'] === 'verbose') console.log(`      ${wrong!.seed + 1} seeds: ${wrong!.what}`);
  };
  for (const name of Object.keys(BUGS)) {
    it(`finds: ${name}`, () => tell(withBug(name, firstWrong)));
  }
  it('finds: shows a ballot before the record that it vouches for, and takes it unchecked', () => {
    const read = RecordLayout.prototype.read;
    RecordLayout.prototype.read = function (cells, ballot) {
      return ballot === 0 ? undefined : readUnchecked(cells, ballot);
    };
    try {
      tell(firstWrong({ recordFirst: false }));
    } finally {
      RecordLayout.prototype.read = read;
    }
  });
  it('finds: takes a record for chosen that it has only accepted', () => {
    const original = Object.getOwnPropertyDescriptor(ViewDecision.prototype, 'chosen')!;
    Object.defineProperty(ViewDecision.prototype, 'chosen', {
      ...original,
      get(this: ViewDecision) {
        return this.mine.record;
      },
    });
    try {
      tell(firstWrong());
    } finally {
      Object.defineProperty(ViewDecision.prototype, 'chosen', original);
    }
  });
});
