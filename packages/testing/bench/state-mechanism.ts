/**
 * What the state mechanism costs: a command that touches one entry of a Map, and one that throws after it did, with
 * 10, 1,000 and 100,000 entries. Beside it a plain class without any undo, and cloning the state before each command.
 *
 * Run: node packages/testing/dist/bench/state-mechanism.js
 * The cost of the journal must not grow with the number of entries; what remains of growth is the processor's cache,
 * and shows in the plain class too. Figures and the decision are in docs/state.md.
 */
type JournalModule = typeof import('../../actors/src/state/journal.js');
type InstanceModule = typeof import('../../actors/src/state/tracked-instance.js');

// The mechanism is no part of the package's public API, so it is loaded from the build beside this one.
const built = (file: string): string =>
  new URL(`../../../actors/dist/src/state/${file}`, import.meta.url).href;
const { Journal } = (await import(built('journal.js'))) as JournalModule;
const { trackedInstance } = (await import(built('tracked-instance.js'))) as InstanceModule;

interface Entry {
  readonly owner: string;
  amount: number;
}

class Ledger {
  entries = new Map<string, Entry>();
  commands = 0;

  update(key: string, amount: number): void {
    const entry = this.entries.get(key)!;
    this.entries.set(key, { owner: entry.owner, amount });
    this.commands++;
  }

  write(key: string, amount: number): void {
    this.entries.get(key)!.amount = amount;
    this.commands++;
  }

  writeAndThrow(key: string, amount: number): never {
    this.write(key, amount);
    throw REFUSED;
  }
}

/** Made once, so that the cost of making an Error does not hide the cost of the rollback. */
const REFUSED = new Error('refused');

type Command = (key: string, amount: number) => void;

/** One way to run commands on a ledger so that a throw leaves nothing behind (or, for the plain one, does not). */
interface Mechanism {
  readonly name: string;
  readonly largest: number;
  make(size: number): { readonly update: Command; readonly write: Command; readonly throws: Command };
}

function filled(ledger: Ledger, size: number): void {
  for (let i = 0; i < size; i++) ledger.entries.set(`account-${i}`, { owner: 'ann', amount: i });
}

const plain: Mechanism = {
  name: 'plain class, no undo',
  largest: 100_000,
  make(size) {
    const ledger = new Ledger();
    filled(ledger, size);
    return {
      update: (key, amount) => ledger.update(key, amount),
      write: (key, amount) => ledger.write(key, amount),
      throws: (key, amount) => {
        try {
          ledger.writeAndThrow(key, amount);
        } catch (error) {
          if (error !== REFUSED) throw error;
        }
      },
    };
  },
};

const journaled: Mechanism = {
  name: 'journal',
  largest: 100_000,
  make(size) {
    const journal = new Journal();
    const ledger = trackedInstance(Ledger, journal);
    const command = (act: () => void): void => {
      journal.begin(ledger);
      try {
        act();
        journal.commit();
      } catch (error) {
        journal.rollback();
        if (error !== REFUSED) throw error;
      }
    };
    command(() => filled(ledger, size));
    return {
      update: (key, amount) => command(() => ledger.update(key, amount)),
      write: (key, amount) => command(() => ledger.write(key, amount)),
      throws: (key, amount) => command(() => ledger.writeAndThrow(key, amount)),
    };
  },
};

const cloned: Mechanism = {
  name: 'structuredClone per command',
  largest: 1_000,
  make(size) {
    const ledger = new Ledger();
    filled(ledger, size);
    const command = (act: () => void): void => {
      const before = structuredClone({ ...ledger });
      try {
        act();
      } catch (error) {
        Object.assign(ledger, before);
        if (error !== REFUSED) throw error;
      }
    };
    return {
      update: (key, amount) => command(() => ledger.update(key, amount)),
      write: (key, amount) => command(() => ledger.write(key, amount)),
      throws: (key, amount) => command(() => ledger.writeAndThrow(key, amount)),
    };
  },
};

const SLICE_NANOSECONDS = 40_000_000n;
const SLICES = 6;

/** Nanoseconds per command in the best of some slices of time; the first ones warm up. */
function measure(command: Command, keys: readonly string[]): number {
  let best = Infinity;
  let step = 0;
  for (let slice = 0; slice < SLICES; slice++) {
    const first = step;
    const start = process.hrtime.bigint();
    do {
      for (const end = step + 50; step < end; step++) command(keys[(step * 7919) % keys.length]!, step);
    } while (process.hrtime.bigint() - start < SLICE_NANOSECONDS);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / (step - first));
  }
  return best;
}

const rows: Record<string, string | number>[] = [];
for (const mechanism of [plain, journaled, cloned]) {
  for (const size of [10, 1_000, 100_000]) {
    if (size > mechanism.largest) continue;
    const keys = Array.from({ length: size }, (_, i) => `account-${i}`);
    const { update, write, throws } = mechanism.make(size);
    rows.push({
      mechanism: mechanism.name,
      entries: size,
      'update, ns': Math.round(measure(update, keys)),
      'write in place, ns': Math.round(measure(write, keys)),
      'throw after it, ns': Math.round(measure(throws, keys)),
    });
  }
}
console.table(rows);
