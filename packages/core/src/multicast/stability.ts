/**
 * Stability: a frame is stable when every member of the shard holds it. Only then may anybody deliver it, so what one
 * member delivered nobody can miss, whoever dies next.
 *
 * The counts are of frames per sender: `received[member][sender]` frames are held without a gap.
 */

/** How many frames of one sender everybody holds: the smallest of `received`, one entry per member. */
export function stableCount(received: ArrayLike<number>): number {
  let least = Infinity;
  for (let i = 0; i < received.length; i++) if (received[i]! < least) least = received[i]!;
  return least;
}

/**
 * The ragged trim of a shard: by sender, how many frames every member that is kept delivers before the view ends. It is
 * the minimum over the kept members, never what the luckiest holds: the others have no way to get the rest.
 *
 * @param received by member, then by sender
 * @param kept which members stay
 */
export function raggedTrim(
  received: readonly ArrayLike<number>[],
  kept: readonly number[],
): readonly number[] {
  const senders = received[0]?.length ?? 0;
  return Array.from({ length: senders }, (_, sender) =>
    stableCount(kept.map(member => received[member]![sender]!)),
  );
}
