/**
 * linearize() judges a history of calls: whether there is one order of them, in which each takes effect at a single moment
 * between its call and its return, that explains every answer. It is the search of Wing and Gong with Lowe's memory: a set of
 * calls that was tried and led to a state is not tried again to the same state. A read goes as soon as its answer fits: an
 * order that has it later is as good with it now, so that is never taken back.
 *
 * A call that never returned may have taken effect at any moment since, or never. Two calls that touch in time (one returns
 * when the other begins) count as overlapping.
 *
 * Sources: Wing, Gong, "Testing and verifying concurrent objects", 1993; Lowe, "Testing for linearizability", 2017.
 */
import { mix } from '../random.js';

/** A call, with the times of one clock. */
export interface Operation<Op> {
  readonly op: Op;
  readonly calledAt: number;
  /** Infinity: nobody was told how it ended. */
  readonly returnedAt: number;
}

/** What the calls are judged by: what they do and answer one after the other. States are values. */
export interface SequentialModel<State, Op> {
  readonly initial: State;
  /** The state after that call; undefined where it would have been answered otherwise. */
  apply(state: State, op: Op): State | undefined;
  /** Whether that call, answered as it was, changes nothing in whatever state it is made. */
  isRead(op: Op): boolean;
  /** The same text for states that no later answer tells from each other, another one for all else. */
  keyOf(state: State): string;
}

export type Verdict =
  | { readonly kind: 'linearizable' }
  | {
      readonly kind: 'anomaly';
      /** The call that cannot be explained, where the search got furthest: an index of the history. */
      readonly stuckAt: number;
      /** In the longest order that explains its answers: indexes of the history. */
      readonly order: readonly number[];
    }
  /** The search was given up: too many calls overlap. */
  | { readonly kind: 'undecided'; readonly steps: number };

/** A call or a return on the way from the past to the future, in a list that calls are taken out of and put back into. */
class Moment {
  previous!: Moment;
  next!: Moment;
  /** Of a call: its return. */
  back: Moment | undefined;

  /** @param operation index in the history */
  constructor(readonly operation: number) {}

  takeOut(): void {
    this.previous.next = this.next;
    this.next.previous = this.previous;
  }

  putBack(): void {
    this.previous.next = this;
    this.next.previous = this;
  }
}

/** Tries of a call at a place, before the search is given up. */
const MOST_STEPS = 5_000_000;

/**
 * @param mostSteps tries of a call at a place, before it gives up
 * @example
 * const register: SequentialModel<number, { write?: number; read?: number }> = {
 *   initial: 0,
 *   apply: (value, { write, read }) => write ?? (read === value ? value : undefined),
 *   isRead: ({ read }) => read !== undefined,
 *   keyOf: String,
 * };
 * linearize([{ op: { write: 1 }, calledAt: 0, returnedAt: 2 }, { op: { read: 1 }, calledAt: 1, returnedAt: 3 }], register).kind;
 */
export function linearize<State, Op>(
  history: readonly Operation<Op>[],
  model: SequentialModel<State, Op>,
  mostSteps = MOST_STEPS,
): Verdict {
  const first = momentsOf(history);
  const tried = new Set<string>();
  /** The order so far, with the state before each call. */
  const order: { readonly call: Moment; readonly before: State; readonly isSure: boolean }[] = [];
  // Two words of 32 bits that name the set of calls in the order, whatever their sequence.
  let low = 0;
  let high = 0;
  const toggle = (operation: number): void => {
    low ^= mix(operation, 0x51ed270b);
    high ^= mix(operation, 0x2545f491);
  };
  let left = history.filter(({ returnedAt }) => returnedAt < Infinity).length;
  const isAwaited = ({ operation }: Moment): boolean => history[operation]!.returnedAt < Infinity;
  let longest: readonly number[] = [];
  let stuckAt = -1;
  let state = model.initial;
  let moment = first.next;
  for (let steps = 0; left > 0; steps++) {
    if (steps === mostSteps) return { kind: 'undecided', steps };
    const { back, operation } = moment;
    if (back !== undefined) {
      const after = model.apply(state, history[operation]!.op);
      if (after !== undefined) {
        toggle(operation);
        const key = `${low} ${high} ${model.keyOf(after)}`;
        if (!tried.has(key)) {
          tried.add(key);
          order.push({ call: moment, before: state, isSure: model.isRead(history[operation]!.op) });
          state = after;
          if (isAwaited(moment)) left--;
          moment.takeOut();
          back.takeOut();
          moment = first.next;
          continue;
        }
        toggle(operation);
      }
      moment = moment.next;
      continue;
    }
    // A call returned, and nothing that was called before that can go before it: what was put last is not where it belongs.
    if (stuckAt < 0 || order.length > longest.length) {
      longest = order.map(({ call }) => call.operation);
      stuckAt = operation;
    }
    let last;
    do {
      last = order.pop();
      if (last === undefined) return { kind: 'anomaly', stuckAt, order: longest };
      const { call, before } = last;
      state = before;
      toggle(call.operation);
      if (isAwaited(call)) left++;
      call.back!.putBack();
      call.putBack();
    } while (last.isSure);
    moment = last.call.next;
  }
  return { kind: 'linearizable' };
}

/** All calls and returns by time, calls first where times are equal; behind a first moment that is neither. */
function momentsOf(history: readonly Operation<unknown>[]): Moment {
  const timed = history.flatMap(({ calledAt, returnedAt }, operation) => {
    const call = new Moment(operation);
    call.back = new Moment(operation);
    return [
      { at: calledAt, isReturn: 0, moment: call },
      { at: returnedAt, isReturn: 1, moment: call.back },
    ];
  });
  timed.sort((a, b) => (a.at === b.at ? a.isReturn - b.isReturn : a.at - b.at));
  const first = new Moment(-1);
  let last = first;
  for (const { moment } of timed) {
    last.next = moment;
    moment.previous = last;
    last = moment;
  }
  last.next = first;
  first.previous = last;
  return first;
}
