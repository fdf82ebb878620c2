/** Single steps of the end of a view, where it matters who has seen whose row; that they add up is shown by the model. */
import {
  EndNotes,
  ReadLease,
  TAKES_NONE,
  Table,
  ViewEnd,
  foundingView,
  memberColumns,
  memberTableLayout,
  type ViewRecord,
} from '@bowecho/core';
import { expect } from 'chai';

const RANKS = [0, 1, 2, 3, 4];
const VIEW = foundingView(
  RANKS.map(rank => ({ id: `n${rank}`, incarnation: 1 })),
  [{ name: 'log', mode: 'ordered', shards: [{ replicas: RANKS, senders: [0] }] }],
);
const layout = memberTableLayout(VIEW);
const columns = memberColumns(RANKS.length);

/** A member that is wedged, with its memory. A row lands at once, where it is shown. */
class Member {
  readonly memory = new ArrayBuffer(layout.bytes);
  readonly table: Table;
  readonly end: ViewEnd;

  constructor(readonly rank: number) {
    this.table = new Table(layout, this.memory, rank);
    const lease = new ReadLease(RANKS.length, rank, this.table, columns, Infinity);
    this.end = new ViewEnd(VIEW, rank, this.table, columns, new EndNotes(VIEW), lease, TAKES_NONE);
    this.end.wedge([[10 + rank]], 1, [], 0);
  }

  turn(now: number): void {
    this.table.takeSnapshot();
    this.end.turn(now);
    this.table.sealCounters();
  }

  showTo(...others: readonly Member[]): void {
    const { notesOffset, notesBytes, countersOffset, countersBytes } = this.table;
    for (const { memory } of others) {
      new Uint8Array(memory).set(new Uint8Array(this.memory, notesOffset, notesBytes), notesOffset);
      new Uint8Array(memory).set(new Uint8Array(this.memory, countersOffset, countersBytes), countersOffset);
    }
  }

  /** What its row says of the record. */
  get shown(): readonly number[] {
    return [columns.accepted, columns.decided].map(column => this.table.read(this.rank, column));
  }
}

/** Five members of which all have seen each other's last word, and nothing since. */
function wedged(): readonly [Member, Member, Member, Member, Member] {
  const members = RANKS.map(rank => new Member(rank));
  for (const member of members) {
    member.table.sealCounters();
    member.showTo(...members.filter(other => other !== member));
  }
  return members as [Member, Member, Member, Member, Member];
}

const ALL_STAY: ViewRecord = {
  ballot: 1,
  fates: RANKS.map(() => 'stays'),
  trims: [[10]],
  layout: [RANKS],
  joiners: [],
};

describe('the end of a view', () => {
  it('is known to who sees more than half accept one record, and shown', () => {
    const [n0, n1, n2] = wedged();
    n0.turn(1);
    expect([n0.end.decided, n0.shown]).to.deep.equal([undefined, [1, 0]]);
    n0.showTo(n1, n2);
    for (const member of [n1, n2]) member.turn(2);
    expect(n2.end.decided, 'two of five, as it knows').to.equal(undefined);
    n2.showTo(n1);
    n1.turn(3);
    expect([n1.end.decided, n1.shown]).to.deep.equal([ALL_STAY, [1, 1]]);
  });

  it('is known to who comes late from one row that says so, and from none that does not', () => {
    const [n0, n1, n2, n3, n4] = wedged();
    n0.turn(1);
    n0.showTo(n1, n2);
    for (const member of [n1, n2]) member.turn(2);
    n1.showTo(n4); // has accepted it, and no more
    n4.turn(3);
    expect([n4.end.decided, n4.shown]).to.deep.equal([undefined, [1, 0]]);
    n2.showTo(n1);
    n1.turn(4);
    n1.showTo(n3, n4);
    for (const member of [n3, n4]) {
      member.turn(5);
      expect([member.end.decided, member.shown], `n${member.rank}`).to.deep.equal([ALL_STAY, [1, 1]]);
    }
  });

  it('is known to who has promised more in between, and it proposes nothing else then', () => {
    const [n0, n1, n2, , n4] = wedged();
    n0.turn(1);
    n0.showTo(n1, n2);
    for (const member of [n1, n2]) member.turn(2);
    n2.showTo(n1);
    n1.turn(3);
    n4.turn(4); // it is not its turn to propose yet
    expect(n4.table.read(4, columns.promised)).to.equal(0);
    n4.turn(n4.end.nextDeadline);
    expect(n4.table.read(4, columns.promised)).to.equal(5);
    n1.showTo(n4);
    n4.turn(2_000_000);
    expect([n4.end.decided, n4.shown]).to.deep.equal([ALL_STAY, [1, 1]]);
    expect(n4.end.nextDeadline).to.equal(Infinity);
  });

  it('is proposed by nobody while the last word of one is missing who stays', () => {
    const members = RANKS.map(rank => new Member(rank));
    const [n0, n1, n2, n3] = members as [Member, Member, Member, Member];
    for (const member of [n1, n2, n3]) {
      member.table.sealCounters();
      member.showTo(n0);
    }
    n0.turn(1);
    expect([n0.end.missingWords, n0.shown]).to.deep.equal([[4], [0, 0]]);
    n0.end.suspect(4);
    n0.turn(2);
    expect([n0.end.missingWords, n0.shown]).to.deep.equal([[], [1, 0]]);
    members[4]!.table.sealCounters();
    members[4]!.showTo(n0);
    n0.turn(3);
    expect(n0.table.read(4, columns.wedged), 'whom I suspect I do not listen to').to.equal(0);
  });
});
