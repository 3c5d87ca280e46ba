import { type Identity, isJsonObject, type JsonObject } from '@iris/contracts';

/** How roles beyond the kind of principal are given. */
export interface RoleRules {
  readonly fromGroups: Readonly<Record<string, readonly string[]>>;
  /** App capability whose entries may hold `roles`. */
  readonly capability: string;
}

/** Roles that say what kind of principal it is. They are never given by a group or a capability. */
const KIND_ROLES: readonly string[] = ['user', 'tagged-device', 'anonymous'];

/** The roles of a principal: its kind, what its Okta groups map to, and what the tailnet policy grants. */
export function rolesOf(identity: Identity, okta: JsonObject | undefined, rules: RoleRules): string[] {
  const roles = new Set<string>([identity.kind]);
  const groups = Array.isArray(okta?.groups) ? okta.groups : [];
  for (const group of groups) {
    if (typeof group !== 'string' || !Object.hasOwn(rules.fromGroups, group)) continue;
    for (const role of rules.fromGroups[group] ?? []) add(roles, role);
  }
  const entries = identity.capabilities?.[rules.capability];
  for (const entry of Array.isArray(entries) ? entries : []) {
    if (!isJsonObject(entry) || !Array.isArray(entry.roles)) continue;
    for (const role of entry.roles) add(roles, role);
  }
  return [...roles].sort();
}

function add(roles: Set<string>, role: unknown): void {
  if (typeof role === 'string' && role.trim() !== '' && !KIND_ROLES.includes(role)) roles.add(role);
}
