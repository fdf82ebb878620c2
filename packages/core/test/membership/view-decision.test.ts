/** Single steps of the decision of a view's end, where the order of things matters; that they add up is shown by the model. */
import { ViewDecision, type Proposal, type ViewRecord, type Vote } from '@bowecho/core';
import { expect } from 'chai';

const SIZE = 3;
const MINE: Proposal = {
  fates: ['stays', 'stays', 'lost'],
  trims: [[1, 1, 1]],
  layout: [[0, 1]],
  joiners: [],
};
const THEIRS: Proposal = {
  fates: ['stays', 'lost', 'stays'],
  trims: [[2, 2, 2]],
  layout: [[0]],
  joiners: [],
};

function record(ballot: number, proposal: Proposal): ViewRecord {
  return { ballot, ...proposal };
}

function voteFor(ballot: number, proposal: Proposal, promised = ballot): Vote {
  return { promised, accepted: ballot, record: record(ballot, proposal) };
}

describe('the decision of a view’s end', () => {
  it('needs no promises under the first ballot of the oldest', () => {
    const oldest = new ViewDecision(SIZE, 0);
    oldest.propose(() => MINE);
    oldest.turn();
    expect(oldest.mine).to.deep.equal(voteFor(1, MINE));
    expect(oldest.chosen).to.equal(undefined);
    oldest.see(1, voteFor(1, MINE));
    expect(oldest.chosen).to.deep.equal(record(1, MINE));
  });

  it('asks for promises under any other ballot, and makes its own record when it has them', () => {
    const second = new ViewDecision(SIZE, 1);
    second.propose(() => MINE);
    second.turn();
    expect(second.mine).to.deep.equal({ promised: 2, accepted: 0, record: undefined });
    second.see(2, { promised: 2, accepted: 0, record: undefined });
    second.turn();
    expect(second.mine).to.deep.equal(voteFor(2, MINE));
  });

  it('does not count a promise while the record cannot be read that was accepted before it', () => {
    const second = new ViewDecision(SIZE, 1);
    second.propose(() => MINE);
    second.see(0, { promised: 2, accepted: 1, record: undefined });
    second.turn();
    expect(second.mine.accepted).to.equal(0);
    second.see(0, voteFor(1, THEIRS, 2));
    second.turn();
    expect(second.mine).to.deep.equal(voteFor(2, THEIRS));
  });

  it('takes over the record with the highest ballot', () => {
    const decision = new ViewDecision(5, 4);
    decision.see(2, { promised: 3, accepted: 0, record: undefined });
    decision.propose(() => expect.fail('there are records'));
    expect(decision.mine.promised).to.equal(5);
    decision.see(0, voteFor(1, MINE, 5));
    decision.see(1, voteFor(2, THEIRS, 5));
    decision.turn();
    expect(decision.mine).to.deep.equal(voteFor(5, THEIRS));
  });

  it('accepts nothing below its promise, and promises nothing that its owner does not ask for', () => {
    const youngest = new ViewDecision(SIZE, 2);
    youngest.see(0, { promised: 2, accepted: 0, record: undefined });
    youngest.turn();
    expect(youngest.mine.promised, 'rank 0 shows a promise for a ballot of rank 1').to.equal(0);
    youngest.see(1, { promised: 2, accepted: 0, record: undefined });
    youngest.turn();
    expect(youngest.mine.promised).to.equal(2);
    youngest.see(0, voteFor(1, THEIRS));
    youngest.turn();
    expect(youngest.mine.accepted).to.equal(0);
  });

  it('gives a ballot up when somebody has promised more, whoever asked for that', () => {
    const oldest = new ViewDecision(SIZE, 0);
    oldest.see(2, { promised: 3, accepted: 0, record: undefined });
    oldest.propose(() => MINE);
    expect(oldest.mine.promised).to.equal(4);
    oldest.see(1, { promised: 6, accepted: 0, record: undefined });
    oldest.turn();
    expect(oldest.isProposing).to.equal(false);
    oldest.propose(() => MINE);
    expect(oldest.mine.promised).to.equal(7);
  });

  it('counts for a choice what members accepted under one ballot, and no other', () => {
    const youngest = new ViewDecision(SIZE, 2);
    youngest.see(0, voteFor(1, MINE));
    youngest.see(1, voteFor(2, MINE));
    expect(youngest.chosen).to.equal(undefined);
    youngest.turn();
    expect(youngest.chosen).to.deep.equal(record(2, MINE));
  });

  it('accepts what it learns to be chosen, whatever it has promised since', () => {
    const youngest = new ViewDecision(SIZE, 2);
    youngest.propose(() => MINE);
    youngest.turn();
    expect(youngest.mine).to.deep.equal({ promised: 3, accepted: 0, record: undefined });
    youngest.learn(record(1, THEIRS));
    expect(youngest.mine).to.deep.equal(voteFor(1, THEIRS, 3));
    youngest.see(0, { promised: 3, accepted: 0, record: undefined });
    youngest.turn();
    expect(youngest.mine, 'its own ballot carries what was chosen').to.deep.equal(voteFor(3, THEIRS));
  });

  it('promises nothing below what it learns, and forgets nothing that it has accepted above it', () => {
    const youngest = new ViewDecision(SIZE, 2);
    youngest.learn(record(2, THEIRS));
    expect(youngest.mine).to.deep.equal(voteFor(2, THEIRS));
    youngest.see(0, voteFor(4, THEIRS));
    youngest.turn();
    youngest.learn(record(2, THEIRS));
    expect(youngest.mine).to.deep.equal(voteFor(4, THEIRS));
  });
});
