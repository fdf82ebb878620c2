/**
 * ShardColumns is the row of a shard table: what one replica tells the others of its shard, in push order.
 *
 * | column    | width   | meaning                                                                              |
 * | --------- | ------- | ------------------------------------------------------------------------------------ |
 * | (ring)    | bytes   | the frames I published; only senders have one; pushed before all counters             |
 * | tail      | 1       | bytes I have ever published into my ring                                              |
 * | received  | senders | by sender: how many of its frames I hold without a gap. An acknowledgement, and a     |
 * |           |         | promise: whatever I publish with or after it has a higher round                       |
 * | delivered | 1       | ordinals I delivered; lets senders overwrite those bytes                              |
 *
 * `received` comes after `tail` because a reader takes acknowledgements before tails, and it reads a row from its end.
 */
import { columnOf, counterBlock, type CounterBlock } from './row-layout.js';

export interface ShardColumns {
  readonly block: CounterBlock;
  /** Cell of each column within the block. */
  readonly tail: number;
  readonly received: number;
  readonly delivered: number;
}

/** The columns for a shard with `senders` senders. */
export function shardColumns(senders: number): ShardColumns {
  const block = counterBlock([
    ['tail', 1],
    ['received', senders],
    ['delivered', 1],
  ]);
  return {
    block,
    tail: columnOf(block, 'tail'),
    received: columnOf(block, 'received', ['tail']),
    delivered: columnOf(block, 'delivered', ['tail', 'received']),
  };
}
