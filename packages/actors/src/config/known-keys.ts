/**
 * Options that nobody reads are refused, because a typing error in an option is otherwise a silent default. The nearest
 * known name is offered when it is near enough to be what was meant.
 */

/** Problems of `given`'s keys that are not among `known`; `place` says whose keys they are, e.g. `@Replicated`. */
export function unknownKeyProblems(given: object, known: readonly string[], place: string): string[] {
  return Object.keys(given)
    .filter(key => !known.includes(key))
    .map(key => {
      const near = nearestName(key, known);
      const hint = near === undefined ? `known are ${known.join(', ')}` : `did you mean '${near}'?`;
      return `${place} has no option '${key}': ${hint}`;
    });
}

/** The name among `known` that is at most a third of its letters (and at most three) away from `name`. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let nearestDistance = Infinity;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    const allowed = Math.min(3, Math.ceil(candidate.length / 3));
    if (distance <= allowed && distance < nearestDistance) {
      nearest = candidate;
      nearestDistance = distance;
    }
  }
  return nearest;
}

/** Levenshtein's distance: insertions, deletions and replacements of one letter. */
export function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = previous[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[to.length]!;
}
