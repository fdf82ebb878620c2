/**
 * SimulatedJoins lets processes join a simulated group. A learner asks one member after the other to let it in. It begins in the view
 * that it is let into as soon as it has a teacher for each set that it is to replicate: a member that has entered that view too, and
 * so has delivered all of the one before.
 *
 * Where the last of them dies before it did, the group has a member that never comes up, and has to notice. The learner tries again,
 * as another incarnation.
 */
import { rankOfMember, type Member, type MemberIdentity, type ReplicaSet, type View } from '@bowecho/core';

/** So long after a try the next one comes: virtual microseconds. */
const RETRY_MICROS = 30_000;
/** Who is not in after so many tries gives up: 4 virtual seconds. */
const MOST_TRIES = 133;

/** By set: the node from which a joiner has what is to be known of it. */
export type Teachers = readonly (number | undefined)[];

/** What a world gives to its joins. */
export interface JoinStage {
  readonly members: readonly Member[];
  /** Whether anything can run on that node now. */
  isMovable(node: number): boolean;
  isAlive(node: number): boolean;
  /** Calls `action` in so many virtual microseconds. */
  after(micros: number, action: () => void): void;
  wake(node: number): void;
  /** Makes a node for that process, a member of `view`. @param teachers by set: undefined where it is no replica */
  create(identity: MemberIdentity, view: View, teachers: Teachers): number;
}

interface Learner {
  readonly id: string;
  /** Called with its node when it is in. */
  readonly onIn: (node: number) => void;
  /** Tries that are left. */
  left: number;
  /** How many it has asked, counted from the one that it begins with. */
  turn: number;
  /** Whom it has asked, in which view of it; undefined while nobody has said yes. */
  asked: { readonly identity: MemberIdentity; readonly teacher: number; readonly vid: number } | undefined;
}

export class SimulatedJoins {
  private learners: Learner[] = [];

  constructor(private readonly stage: JoinStage) {}

  /** The ids of those who are not in. */
  get waiting(): readonly string[] {
    return this.learners.map(({ id }) => id);
  }

  /** @param first who is asked first, counted among those who can be asked */
  begin(id: string, first: number, onIn: (node: number) => void): void {
    const learner: Learner = { id, onIn, left: MOST_TRIES, turn: first, asked: undefined };
    this.learners.push(learner);
    this.attempt(learner);
  }

  private attempt(learner: Learner): void {
    const { stage } = this;
    if (!this.learners.includes(learner) || this.isGroupGone || learner.left-- === 0) return;
    if (!this.isPending(learner)) this.ask(learner);
    stage.after(RETRY_MICROS, () => this.attempt(learner));
  }

  private ask(learner: Learner): void {
    const { members, isMovable, wake } = this.stage;
    learner.asked = undefined;
    const running = members.flatMap(({ state, doorkeeper, identity }, node) =>
      (state === 'running' || doorkeeper === identity) && isMovable(node) ? [node] : [],
    );
    if (running.length === 0) return;
    const teacher = running[learner.turn++ % running.length]!;
    const identity = { id: learner.id, incarnation: learner.turn + 1 };
    const member = members[teacher]!;
    if (member.admit(identity) !== undefined) return;
    learner.asked = { identity, teacher, vid: member.view.vid };
    wake(teacher);
  }

  /** Whether its teacher may still let it in, or has, and others who can teach are about to follow. */
  private isPending({ asked }: Learner): boolean {
    if (asked === undefined || !this.stage.isAlive(asked.teacher)) return false;
    const { view, state } = this.stage.members[asked.teacher]!;
    const isLetIn = rankOfMember(view, asked.identity) >= 0;
    return (view.vid === asked.vid || isLetIn) && state !== 'left' && state !== 'halted';
  }

  /** Nobody lives who could ever let anybody in. */
  private get isGroupGone(): boolean {
    const { members, isAlive } = this.stage;
    return members.every(({ state }, node) => !isAlive(node) || state === 'left' || state === 'halted');
  }

  /** A member is in its next view: those begin who are in it and whose teachers are. */
  viewEntered(view: View): void {
    for (const learner of this.learners) {
      const { asked } = learner;
      const rank = asked === undefined ? -1 : rankOfMember(view, asked.identity);
      if (rank < 0) continue;
      const pupils = view.sets.filter(({ replicas }) => replicas.includes(rank));
      const teachers = view.sets.map(set => (pupils.includes(set) ? this.teacherOf(view, set) : undefined));
      if (pupils.some(({ index }) => teachers[index] === undefined)) continue;
      this.learners = this.learners.filter(each => each !== learner);
      learner.onIn(this.stage.create(asked!.identity, view, teachers));
    }
  }

  /** A replica of that set that lives and has entered that view. */
  private teacherOf(view: View, { replicas }: ReplicaSet): number | undefined {
    const { members, isAlive } = this.stage;
    const node = members.findIndex(
      (member, at) => isAlive(at) && member.view.vid === view.vid && replicas.includes(member.myRank),
    );
    return node < 0 ? undefined : node;
  }
}
