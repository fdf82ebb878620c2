/**
 * Goal: a view ends with one record; whatever anybody delivered is within its trim, whoever goes on holds that much, and where
 * enough live who do not suspect each other there is a record in the end. And each rule of that is needed. Method: a random
 * model around the shipped code; without any one of its rules something goes wrong.
 *
 * `MODEL_SEED=<n>` replays one run step by step. `MUTANTS=verbose` says how many seeds it took to find each bug.
 */
import { EndNotes, Table, ViewEnd, memberColumns } from '@bowecho/core';
import { expect } from 'chai';
import { END_RULES, ViewEndModel, type EndRules } from './view-end-model.js';

const SEEDS = 1500;

/** Plants a bug, and says how to take it back. */
type Plant = () => () => void;

function replaceMethod(
  type: { readonly prototype: object },
  name: string,
  broken: (original: never) => unknown,
): Plant {
  return () => {
    const { prototype } = type;
    const original = Object.getOwnPropertyDescriptor(prototype, name);
    expect(original?.value, name).to.be.a('function');
    Object.defineProperty(prototype, name, { ...original, value: broken(original!.value as never) });
    return () => void Object.defineProperty(prototype, name, original!);
  };
}

function replaceStaying(broken: (staying: readonly number[], size: number) => readonly number[]): Plant {
  return () => {
    const { prototype } = ViewEnd;
    const original = Object.getOwnPropertyDescriptor(prototype, 'staying')!;
    Object.defineProperty(prototype, 'staying', {
      ...original,
      get(this: { size: number }) {
        return broken(original.get!.call(this) as number[], this.size);
      },
    });
    return () => void Object.defineProperty(prototype, 'staying', original);
  };
}

const everybody = (size: number): number[] => Array.from({ length: size }, (_, rank) => rank);

const BUGS: Readonly<Record<string, Plant>> = {
  'takes a trim of what the proposer holds': replaceMethod(
    Table,
    'readNotes',
    (original: Table['readNotes']) =>
      function (this: Table, row: number, at: number, into: Float64Array) {
        original.call(this, at === 0 ? this.myRow : row, at, into);
      },
  ),
  'takes a trim of nothing': replaceMethod(
    EndNotes,
    'finalsOf',
    () =>
      function (this: EndNotes, set: number) {
        return new Float64Array(this.sets[set]!.senders.length);
      },
  ),
  'proposes before those who stay are wedged': replaceMethod(
    Table,
    'read',
    (original: Table['read']) =>
      function (this: Table, row: number, cell: number) {
        const value = original.call(this, row, cell);
        const { wedged } = memberColumns(this.layout.rows);
        return cell === wedged && this.layout.noteCells > 0 ? Math.max(value, 1) : value;
      },
  ),
  'keeps members that a kept one suspects': replaceStaying((_, size) => everybody(size)),
  'keeps nobody but itself and its elders': replaceStaying(staying => staying.slice(0, 1)),
};

function firstWrong(
  rules: EndRules = END_RULES,
): { readonly seed: number; readonly what: string } | undefined {
  for (let seed = 0; seed < SEEDS; seed++) {
    let what: string | undefined;
    try {
      what = new ViewEndModel(seed, rules).run();
    } catch (error) {
      what = String(error);
    }
    if (what !== undefined) return { seed, what };
  }
  return undefined;
}

describe('model of the end of a view', () => {
  const seed = process.env['MODEL_SEED'];
  if (seed !== undefined) {
    it(`replays seed ${seed}`, () => {
      expect(new ViewEndModel(Number(seed), END_RULES, line => console.log(line)).run()).to.equal(undefined);
    });
    return;
  }

  it(`finds nothing wrong in ${SEEDS} seeds`, () => {
    const wrong = firstWrong();
    const replay = `MODEL_SEED=${wrong?.seed} npx mocha --no-config packages/core/dist/test/model/view-end-model.test.js`;
    expect(wrong && `seed ${wrong.seed}: ${wrong.what}\n  replay with ${replay}`).to.equal(undefined);
  });

  it('is tried with and without a majority', () => {
    const models = Array.from({ length: 200 }, (_, each) => new ViewEndModel(each));
    for (const model of models) model.run();
    for (const outcome of ['decided', 'minority'])
      expect(models.filter(model => model.outcome === outcome).length, outcome).to.be.above(20);
  });

  const tell = (wrong: ReturnType<typeof firstWrong>): void => {
    expect(wrong, 'a run that goes wrong').not.to.equal(undefined);
    if (process.env['MUTANTS'] === 'verbose') console.log(`      ${wrong!.seed + 1} seeds: ${wrong!.what}`);
  };
  for (const rule of Object.keys(END_RULES)) {
    it(`needs the rule ${rule}`, () => tell(firstWrong({ ...END_RULES, [rule]: false })));
  }
  for (const [name, plant] of Object.entries(BUGS)) {
    it(`finds: ${name}`, () => {
      const restore = plant();
      try {
        tell(firstWrong());
      } finally {
        restore();
      }
    });
  }
});
