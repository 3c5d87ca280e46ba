import type { OktaGroup } from './okta.mapper.js';

/** Okta's id of a row: letters and digits. Anything else in a path could name another resource. */
export function idOf(row: unknown): string | undefined {
  const id = typeof row === 'object' && row !== null ? (row as { id?: unknown }).id : undefined;
  return typeof id === 'string' && /^[A-Za-z0-9_-]+$/.test(id) ? id : undefined;
}

/** The groups of all users, by their members. */
export class Memberships {
  private readonly groups = new Map<string, OktaGroup[]>();
  private readonly lost = new Set<string>();
  private allLost = false;

  /**
   * Adds a membership. An undefined user may be anybody, and an undefined group is one that is not understood.
   */
  add(userId: string | undefined, group: OktaGroup | undefined): void {
    if (userId === undefined) this.allLost = true;
    else if (group === undefined) this.lost.add(userId);
    else this.groups.set(userId, [...(this.groups.get(userId) ?? []), group]);
  }

  /** A group whose members cannot be read may be anybody's. */
  loseAll(): void {
    this.allLost = true;
  }

  /** Undefined when a membership of the user is not understood. */
  groupsOf(userId: string): readonly OktaGroup[] | undefined {
    return this.allLost || this.lost.has(userId) ? undefined : (this.groups.get(userId) ?? []);
  }
}
