/** A member's identity as a key of maps: two identities are the same where these texts are. */
import type { MemberIdentity } from '@bowecho/core';

export function identityKey({ id, incarnation }: MemberIdentity): string {
  return `${id}#${incarnation}`;
}
