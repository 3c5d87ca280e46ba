/** Who stands behind a connection, as Tailscale's whois would say. */
export interface ApertureIdentity {
  loginName: string;
  stableNodeId: string;
  tailnetName: string;
  /** A tagged device has no user: its login is `tagged-devices`, whatever `loginName` is. */
  tags?: readonly string[];
  groups?: readonly string[];
  /** Groups the requests of one client; made up per connection when absent, and may be empty. */
  sessionId?: string;
}

const isTagged = (identity: ApertureIdentity): boolean => (identity.tags ?? []).length > 0;

/** `login_name` as Aperture reports it. */
export const loginNameOf = (identity: ApertureIdentity): string =>
  isTagged(identity) ? 'tagged-devices' : identity.loginName;

/** Whether a grant's `src` holds for this identity. */
export function matchesSource(sources: readonly string[], identity: ApertureIdentity): boolean {
  return sources.some(
    (source) =>
      source === '*' ||
      (source === 'autogroup:member' && !isTagged(identity)) ||
      (source === 'autogroup:tagged' && isTagged(identity)) ||
      (!isTagged(identity) && source === identity.loginName) ||
      (identity.tags ?? []).includes(source) ||
      (identity.groups ?? []).includes(source),
  );
}
