/**
 * One whole turn of the event loop: what was ready when it began has been seen, and calls that Node put off have been made.
 * An immediate runs after the loop has polled, and the second one after it has polled again.
 */
export async function nextTurn(): Promise<void> {
  await new Promise(resolve => setImmediate(resolve));
  await new Promise(resolve => setImmediate(resolve));
}
