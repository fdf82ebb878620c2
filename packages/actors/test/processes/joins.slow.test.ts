/**
 * Goal: whatever dies while processes join, teachers and learners included, those who are there in the end have the same state, with
 * every command in it that was acknowledged, once.
 * Method: five members of which some call all the time; in each round one or two are killed, at a random moment of a join too.
 */
import { expect } from 'chai';
import { Group, TestMember, afterGroup, needsProcesses, until } from './group.js';

const ROUNDS = Number(process.env['JOIN_ROUNDS'] ?? 12);
const LONGEST_PAUSE_MS = 400;
const CONFIG = { isWithoutPair: true };

describe('members that are killed and come back, again and again', function () {
  this.timeout(600_000);
  before(function () {
    return needsProcesses(this);
  });
  afterEach(afterGroup);

  it('lose nothing, and double nothing', async () => {
    const group = await Group.running(5, CONFIG);
    const { seeds } = group;
    const members = group.members as TestMember[]; // who comes back takes the place of who was killed
    const gone: TestMember[] = [];
    const random = (limit: number): number => Math.floor(Math.random() * limit);
    const pause = (): Promise<void> => new Promise(resolve => setTimeout(resolve, random(LONGEST_PAUSE_MS)));

    const startLoad = (member: TestMember): Promise<void> =>
      member.run(({ cluster, Ledger }) => {
        const load = globalThis as { stop?: boolean; acknowledged?: [string, string][]; failed?: string };
        load.acknowledged = [];
        const lane = async (number: number): Promise<void> => {
          for (let count = 0; load.stop !== true; count++) {
            const key = `k${(count * 7 + number) % 300}`;
            const text = `${cluster.id} ${process.pid} ${number} ${count} ${'x'.repeat(100)}`;
            await cluster.get(Ledger, key).append(text);
            load.acknowledged!.push([key, text]);
            await new Promise(resolve => setTimeout(resolve, 5));
          }
        };
        for (let number = 0; number < 4; number++)
          lane(number).catch((error: Error) => (load.failed ??= error.message));
      });
    const start = async (number: number): Promise<TestMember> => {
      const again = await TestMember.start(`n${number}`, seeds[number - 1]!, seeds);
      await again.begin(CONFIG);
      return again;
    };
    const runsWithout = async (number: number): Promise<void> => {
      const name = `n${number}`;
      for (const member of members.filter(({ process }) => process.isRunning))
        await until(() => member.run(({ cluster }, id) => !cluster.view!.members.includes(id), name));
    };

    await Promise.all(members.map(startLoad));
    for (let round = 0; round < ROUNDS; round++) {
      await pause();
      const victim = 1 + random(5);
      members[victim - 1]!.kill('SIGKILL');
      gone.push(members[victim - 1]!);
      await members[victim - 1]!.process.ended;
      await runsWithout(victim);
      let again = await start(victim);
      members[victim - 1] = again;
      if (random(2) === 0) {
        await pause();
        const other = 1 + random(5);
        const isLearner = other === victim;
        // It may be the learner, or who teaches it.
        members[other - 1]!.kill('SIGKILL');
        gone.push(members[other - 1]!);
        await members[other - 1]!.process.ended;
        if (isLearner) {
          again = await start(victim);
          members[victim - 1] = again;
        } else {
          await again.ready();
          await runsWithout(other);
          members[other - 1] = await start(other);
          await members[other - 1]!.ready();
          await startLoad(members[other - 1]!);
        }
      }
      await again.ready();
      await startLoad(again);
    }
    const acknowledged = await group.everywhere(() => {
      const load = globalThis as { stop?: boolean; acknowledged?: [string, string][]; failed?: string };
      load.stop = true;
      if (load.failed !== undefined) throw new Error(load.failed);
      return load.acknowledged!;
    });
    expect(acknowledged).to.have.lengthOf(5);
    await group.everywhere(({ cluster, Ledger }) => cluster.get(Ledger, 'last').append(cluster.id));
    const digests = await group.everywhere(async ({ cluster, Ledger }) => {
      await cluster.get(Ledger, 'last').size(); // a read that waits for all that was received
      return cluster.digest(Ledger);
    });
    expect(new Set(digests).size, digests.join()).to.equal(1);
    const missing = await group.n(1).run(async ({ cluster, Ledger }, told) => {
      let count = 0;
      for (const [key, text] of told)
        if ((await cluster.get(Ledger, key).$with({ read: 'local' }).placeOf(text)) === undefined) count++;
      return count;
    }, acknowledged.flat());
    expect(missing, 'acknowledged and not there').to.equal(0);
    for (const { errors } of gone) expect(errors).to.equal('');
  });
});
