/** Who may send: all replicas, or the oldest so many of them; never nobody, for a multicast without senders has no order. */
import { expect } from 'chai';
import { AssertionError, assertView, foundingView, layoutSubgroups, type SubgroupSpec } from '@bowecho/core';

const members = ['a', 'b', 'c'].map(id => ({ id, incarnation: 1 }));

function sendersOf(senders: SubgroupSpec['senders']): readonly number[] {
  const spec: SubgroupSpec = {
    name: 'log',
    mode: 'ordered',
    shards: 1,
    minReplicas: 1,
    maxReplicas: 3,
    senders,
  };
  const layout = layoutSubgroups([spec], members);
  return layout.adequate ? layout.subgroups[0]!.shards[0]!.senders : [];
}

describe('senders', () => {
  it('are the oldest replicas, and no more than there are', () => {
    expect([sendersOf('all'), sendersOf(1), sendersOf(2), sendersOf(9)]).to.deep.equal([
      [0, 1, 2],
      [0],
      [0, 1],
      [0, 1, 2],
    ]);
  });

  it('are at least one', () => {
    for (const senders of [0, -1, NaN]) {
      expect(() => sendersOf(senders)).to.throw(AssertionError, `log asks for ${senders} senders`);
    }
    const shards = [{ replicas: [0, 1, 2], senders: [] }];
    const view = foundingView(members, [{ name: 'log', mode: 'ordered', shards }]);
    expect(() => assertView(view)).to.throw(AssertionError, 'a shard of log has no senders');
  });
});
