/** The machine as a table: every state, every event. A change of the machine changes this picture. */
import { expect } from 'chai';
import { AssertionError, Membership, type MembershipEvent, type MembershipState } from '@bowecho/core';

const EVENTS: readonly MembershipEvent[] = [
  'KEYS_COMPLETE',
  'ALL_INSTALLED',
  'LEAVE_REQUESTED',
  'DRAINED',
  'VIEW_ENDED',
  'FAILED',
];

/** How each state is reached, along the shortest way. */
const WAYS: Readonly<Record<MembershipState, readonly MembershipEvent[]>> = {
  connecting: [],
  installing: ['KEYS_COMPLETE'],
  running: ['KEYS_COMPLETE', 'ALL_INSTALLED'],
  leaving: ['KEYS_COMPLETE', 'ALL_INSTALLED', 'LEAVE_REQUESTED'],
  wedged: ['KEYS_COMPLETE', 'ALL_INSTALLED', 'VIEW_ENDED'],
  halted: ['FAILED'],
};

function reach(state: MembershipState): Membership {
  return WAYS[state].reduce((membership, event) => membership.next(event), Membership.initial);
}

describe('membership machine', () => {
  it('steps like this', () => {
    const lines = Object.keys(WAYS).map(name => {
      const membership = reach(name as MembershipState);
      expect(membership.state).to.equal(name);
      const steps = EVENTS.filter(event => membership.accepts(event)).map(
        event => `${event} ${membership.next(event).state}`,
      );
      return `${name}: ${steps.join(', ')}`;
    });
    expect(lines.join('\n')).to.equal(
      [
        'connecting: KEYS_COMPLETE installing, FAILED halted',
        'installing: ALL_INSTALLED running, LEAVE_REQUESTED wedged, VIEW_ENDED wedged, FAILED halted',
        'running: LEAVE_REQUESTED leaving, VIEW_ENDED wedged, FAILED halted',
        'leaving: DRAINED wedged, VIEW_ENDED wedged, FAILED halted',
        'wedged: FAILED halted',
        'halted: ',
      ].join('\n'),
    );
  });

  it('fails on an event that means nothing in its state', () => {
    expect(() => Membership.initial.next('DRAINED')).to.throw(
      AssertionError,
      'DRAINED means nothing in state connecting',
    );
  });

  it('gives the same step again from its memory', () => {
    expect(reach('running').state).to.equal(reach('running').state);
    expect(() => reach('wedged').next('DRAINED')).to.throw(AssertionError);
  });
});
