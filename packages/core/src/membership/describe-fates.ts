/** How a view ended, in words. */
import type { Fate } from '../view/next-view.js';
import type { View } from '../view/view.js';

const WORDS: Readonly<Record<Exclude<Fate, 'stays'>, string>> = { leaves: 'leaves', lost: 'is lost' };

/** Such as `n2 leaves, n3 is lost, n1, n4 go on`. */
export function describeFates({ members }: View, fates: readonly Fate[]): string {
  const others = members.flatMap(({ id }, rank) => {
    const fate = fates[rank]!;
    return fate === 'stays' ? [] : [`${id} ${WORDS[fate]}`];
  });
  const staying = members.filter((_, rank) => fates[rank] === 'stays').map(({ id }) => id);
  const verb = staying.length === 1 ? 'goes' : 'go';
  return [...others, staying.length === 0 ? 'nobody goes on' : `${staying.join(', ')} ${verb} on`].join(', ');
}
