/** Groups of processes that nothing happens to: of all sizes, everybody sends, and all replicas are equal. */
import { expect } from 'chai';
import { Group, afterGroup, needsProcesses } from './group.js';

describe('a group of processes', function () {
  this.timeout(40_000);
  before(function () {
    return needsProcesses(this);
  });
  afterEach(afterGroup);

  for (const count of [1, 3, 5, 8]) {
    it(`of ${count}: everybody sends at once, and the replicas are equal`, async () => {
      const each = 200;
      const group = await Group.running(count);
      const places = await group.everywhere(async ({ cluster, Ledger }, calls) => {
        const ledger = cluster.get(Ledger, 'x');
        const texts = Array.from({ length: calls }, (_, i) => `${cluster.id}/${i}`);
        const mine = await Promise.all(texts.map(text => ledger.append(text)));
        // A default read sees at once what its own caller was told.
        if ((await ledger.placeOf(texts.at(-1)!)) !== mine.at(-1)) throw new Error('a read was behind');
        return mine;
      }, each);
      const all = places.flat().sort((a, b) => a - b);
      expect(all).to.deep.equal(Array.from({ length: count * each }, (_, i) => i));
      for (const mine of places)
        expect(mine, 'in the order of its sender').to.deep.equal([...mine].sort((a, b) => a - b));

      const ids = group.members.map(member => member.id);
      const sizes = await group.n(count).run(({ cluster, Ledger }) => cluster.get(Ledger, 'x').$all.size());
      expect([...sizes]).to.deep.equal(ids.map(id => [id, count * each]));
      const digests = await group.everywhere(({ cluster, Ledger }) => cluster.digest(Ledger));
      expect(new Set(digests).size).to.equal(1);
      const histories = await group.everywhere(({ delivered }) => delivered['ledger']!);
      for (const history of histories) expect(history).to.deep.equal(histories[0]);

      await group.close();
      const left = await group.everywhere(({ sharedMemoryLeft }) => sharedMemoryLeft());
      expect(left.flat(), 'memory that is still mapped').to.deep.equal([]);
    });
  }

  it('with a secret', async () => {
    const group = await Group.running(3, { secret: 'a secret of more than sixteen characters' });
    const places = await group.everywhere(({ cluster, Pair }) => cluster.get(Pair, 'x').append(cluster.id));
    expect(places.sort()).to.deep.equal([0, 1, 2]);
  });

  it('refuses a message above its limit where it is sent, and goes on', async () => {
    const group = await Group.running(3);
    const outcomes = await group.n(3).run(async ({ cluster, Ledger, settle }) => {
      const ledger = cluster.get(Ledger, 'x');
      const large = await settle(ledger.appendBytes(new Uint8Array(20_000)));
      return [large, await settle(ledger.appendBytes(new Uint8Array(10_000)))];
    });
    expect(outcomes[0]).to.include({ ok: false, code: 'TOO_LARGE', didExecute: 'no' });
    expect((outcomes[0] as { message: string }).message).to.match(/20011 bytes; at most 163\d\d/);
    expect(outcomes[1]).to.deep.equal({ ok: true, value: 0 });
  });
});
