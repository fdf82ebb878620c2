/** A member of one ordered set in a process of its own, without actors: members exchange keys by their parent. */
import { RunLoop, microsecondsNow } from '@bowecho/actors';
import { Member, type Application, type ControlMessage, type Fabric } from '@bowecho/core';
import { everywhere, firstView } from '@bowecho/testing';
import { job, myRank, onRelayed, relay } from './job.js';

export interface BareMember {
  readonly member: Member;
  readonly loop: RunLoop;
}

/**
 * Connects and drives it, until this process is told to end.
 *
 * @param beforeTurn is called before each turn, and says how much it did
 */
export function startBareMember(
  fabric: Fabric,
  application: Application,
  beforeTurn: (member: Member) => number = () => 0,
): BareMember {
  const member = new Member({
    view: firstView(job.members, [everywhere(job.members)]),
    myRank,
    ringBytes: job.ringBytes,
    queueBytes: 2 * job.ringBytes,
    suspicionMicros: 2_000_000,
    ports: {
      fabric,
      application,
      control: {
        send: (to, message) => {
          relay({ to: to.id, message });
          return true;
        },
      },
    },
  });
  const loop = new RunLoop(
    {
      doWork: now => beforeTurn(member) + member.doWork(now),
      get nextDeadline() {
        return member.nextDeadline;
      },
      get deliveriesPerTurn() {
        return member.deliveriesPerTurn;
      },
      set deliveriesPerTurn(limit) {
        member.deliveriesPerTurn = limit;
      },
    },
    fabric,
    error => {
      throw error;
    },
  );
  onRelayed((_, value) => {
    const { to, message } = value as { to: string; message: ControlMessage };
    if (to !== member.identity.id) return;
    member.receiveControl(message);
    loop.wake();
  });
  member.start();
  loop.wake();
  setInterval(microsecondsNow, 1_000); // lives until it is ended: others may still need it
  process.once('SIGTERM', () => process.exit());
  return { member, loop };
}
