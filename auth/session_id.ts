/**
 * A new session's id. It begins with the epoch that its user was in, so that "every session of this user from before" can
 * be told from the id alone.
 */
export function makeSessionId(epoch: number): string {
  return `${epoch.toString(36)}-${crypto.randomUUID()}`;
}

/** The epoch in a session's id; `NaN` when the id is not one of ours. */
export function sessionEpoch(id: string): number {
  return /^[0-9a-z]+-/.test(id) ? parseInt(id, 36) : NaN;
}
