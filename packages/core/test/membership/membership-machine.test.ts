/** The machine as a table: every state, every event. A change of the machine changes this picture. */
import { expect } from 'chai';
import { AssertionError, Membership, type MembershipEvent, type MembershipState } from '@bowecho/core';

const EVENTS: readonly MembershipEvent[] = [
  'KEYS_COMPLETE',
  'ALL_INSTALLED',
  'LEAVE_REQUESTED',
  'DRAINED',
  'VIEW_ENDED',
  'DECIDED',
  'TRIMMED',
  'LEFT',
  'LEFT_OUT',
  'CUT_OFF',
  'FAILED',
];

/** How each state is reached, along the shortest way. */
const WAYS: Readonly<Record<MembershipState, readonly MembershipEvent[]>> = {
  connecting: [],
  installing: ['KEYS_COMPLETE'],
  running: ['KEYS_COMPLETE', 'ALL_INSTALLED'],
  leaving: ['KEYS_COMPLETE', 'ALL_INSTALLED', 'LEAVE_REQUESTED'],
  wedged: ['KEYS_COMPLETE', 'ALL_INSTALLED', 'VIEW_ENDED'],
  trimming: ['KEYS_COMPLETE', 'ALL_INSTALLED', 'VIEW_ENDED', 'DECIDED'],
  left: ['KEYS_COMPLETE', 'ALL_INSTALLED', 'VIEW_ENDED', 'DECIDED', 'LEFT'],
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
        'connecting: KEYS_COMPLETE installing, VIEW_ENDED wedged, LEFT_OUT halted, FAILED halted',
        'installing: ALL_INSTALLED running, LEAVE_REQUESTED wedged, VIEW_ENDED wedged, LEFT_OUT halted, FAILED halted',
        'running: LEAVE_REQUESTED leaving, VIEW_ENDED wedged, LEFT_OUT halted, FAILED halted',
        'leaving: DRAINED wedged, VIEW_ENDED wedged, LEFT_OUT halted, FAILED halted',
        'wedged: DECIDED trimming, LEFT_OUT halted, CUT_OFF halted, FAILED halted',
        'trimming: TRIMMED connecting, LEFT left, FAILED halted',
        'left: ',
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

  it('comes back to where it was by a view change, in five steps', () => {
    const steps: readonly MembershipEvent[] = [
      'VIEW_ENDED',
      'DECIDED',
      'TRIMMED',
      'KEYS_COMPLETE',
      'ALL_INSTALLED',
    ];
    const after = steps.reduce((membership, event) => membership.next(event), reach('running'));
    expect(after.state).to.equal('running');
  });

  it('gives the same step again from its memory', () => {
    expect(reach('running').state).to.equal(reach('running').state);
    expect(() => reach('wedged').next('DRAINED')).to.throw(AssertionError);
  });
});
