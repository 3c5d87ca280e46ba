import { ROLES, type Role } from '@iris/console-api';

/** A person who uses the console. */
export interface Viewer {
  readonly login: string;
  readonly name?: string;
  readonly role: Role;
  readonly method: 'local' | 'tailscale' | 'oidc';
}

/** Whether a role includes another one. */
export function includes(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(least);
}

/** Whether parameters and values of facts are answered. */
export function seesPersonalData({ role }: Viewer): boolean {
  return includes(role, 'auditor');
}

/** The highest of some roles; undefined for none. */
export function highestRole(roles: readonly Role[]): Role | undefined {
  return [...ROLES].reverse().find((role) => roles.includes(role));
}
