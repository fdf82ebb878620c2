/**
 * Unreadable is thrown where bytes of a peer are not what they should be. It never leaves the control channel: the
 * connection ends, and the sentence goes to the log here and, where it still can, to the peer.
 */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}
