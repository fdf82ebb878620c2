/** How a view ended, in words. */
import type { Fate } from '../view/next-view.js';
import type { MemberIdentity, View } from '../view/view.js';
import type { ViewRecord } from './view-record.js';

const WORDS: Readonly<Record<Exclude<Fate, 'stays'>, string>> = { leaves: 'leaves', lost: 'is lost' };

/** Such as `n2 leaves, n3 is lost, n1, n4 go on, n5 joins`. */
export function describeFates(
  { members }: View,
  { fates, joiners }: Pick<ViewRecord, 'fates' | 'joiners'>,
): string {
  const others = members.flatMap(({ id }, rank) => {
    const fate = fates[rank]!;
    return fate === 'stays' ? [] : [`${id} ${WORDS[fate]}`];
  });
  const staying = members.filter((_, rank) => fates[rank] === 'stays').map(({ id }) => id);
  const verb = staying.length === 1 ? 'goes' : 'go';
  const goOn = staying.length === 0 ? 'nobody goes on' : `${staying.join(', ')} ${verb} on`;
  return [...others, goOn, ...(joiners.length === 0 ? [] : [describeJoiners(joiners)])].join(', ');
}

/** Such as `n5, n6 join`. */
export function describeJoiners(joiners: readonly MemberIdentity[]): string {
  return `${joiners.map(({ id }) => id).join(', ')} ${joiners.length === 1 ? 'joins' : 'join'}`;
}
