import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';
import { type ParseError, parse } from 'jsonc-parser';
import { type CheckOutcome, type Finding, skipped } from './findings.js';

export interface TailnetCheckOptions {
  /** Hosts in the urls of the hooks, such as `iris.tail1234.ts.net`. Empty: the service is `svc:iris`. */
  readonly hosts: readonly string[];
  /** Capability whose grants give roles. */
  readonly rolesCapability: string;
}

const SERVICE = /^svc:/;
/** Two names that differ by at most this many edits are taken for one that is misspelt. */
const MAX_EDITS = 2;
const MAX_NAME = 64;

/**
 * Whether the tailnet policy file leads to the service of the hooks and grants roles to somebody.
 *
 * Source: Tailscale's syntax reference of the tailnet policy file (grants, autoApprovers, tagOwners).
 *
 * @param text the policy file; one that is not readable has no outcome of its own, the wiring check reports it
 */
export function checkTailnet(text: string, { hosts, rolesCapability }: TailnetCheckOptions): CheckOutcome {
  const check = 'tailnet services';
  const errors: ParseError[] = [];
  const policy: unknown = parse(text, errors, { allowTrailingComma: true });
  if (errors.length > 0 || !isJsonObject(policy)) return skipped(check, 'the policy file is not readable');
  const grants = asList(policy.grants).filter(isJsonObject);
  const approved = asObject(asObject(policy.autoApprovers).services);
  const expected = hosts.length === 0 ? ['svc:iris'] : [...new Set(hosts.map((host) => `svc:${host.split('.')[0]}`))];
  const named = grants.flatMap((grant, index) =>
    asTexts(grant.dst)
      .map(withoutPort)
      .filter((name) => SERVICE.test(name))
      .map((name) => ({ name, place: `grants[${index}].dst` })),
  );
  const places = [...named, ...Object.keys(approved).map((name) => ({ name, place: 'autoApprovers.services' }))];
  const findings: Finding[] = places.flatMap(({ name, place }) => {
    const meant = expected.find((service) => service !== name && isNear(service, name));
    if (meant === undefined || expected.includes(name)) return [];
    return [
      { id: 'tailnet_service_misspelt', subject: name, detail: `${place} names ${name}, the service is ${meant}` },
    ];
  });
  findings.push(...rolesFindings(grants, rolesCapability), ...tagFindings(policy, approved));
  const warnings = expected
    .filter((service) => named.some(({ name }) => name === service) && !(service in approved))
    .map(
      (subject): Finding => ({
        id: 'tailnet_service_unapproved',
        subject,
        detail: 'autoApprovers has no such service',
      }),
    );
  const isReached = named.some(({ name }) => expected.includes(name));
  return { check, notes: isReached ? [`leads to ${expected.join(', ')}`] : [], findings, warnings };
}

function rolesFindings(grants: readonly JsonObject[], capability: string): Finding[] {
  return grants.flatMap((grant, index): Finding[] =>
    capability in asObject(grant.app) && asTexts(grant.dst).length === 0
      ? [{ id: 'tailnet_roles_dst_missing', subject: capability, detail: `grants[${index}] has no dst` }]
      : [],
  );
}

/** Tags that approve a service and that nobody may give. */
function tagFindings(policy: JsonObject, approved: JsonObject): Finding[] {
  const owners = asObject(policy.tagOwners);
  return Object.entries(approved).flatMap(([service, tags]) =>
    asTexts(tags)
      .filter((tag) => tag.startsWith('tag:') && !(tag in owners))
      .map(
        (subject): Finding => ({
          id: 'tailnet_service_tag_unknown',
          subject,
          detail: `autoApprovers.services of ${service} names it, tagOwners does not`,
        }),
      ),
  );
}

/** `svc:iris:443` is the service with a port. */
function withoutPort(destination: string): string {
  return destination.replace(/:[\d*,-]+$/, '');
}

function isNear(one: string, other: string): boolean {
  return one.length <= MAX_NAME && other.length <= MAX_NAME && edits(one, other) <= MAX_EDITS;
}

/** Levenshtein distance; both names are short. */
function edits(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}

function asObject(value: Json | undefined): JsonObject {
  return value !== undefined && isJsonObject(value) ? value : {};
}

function asList(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

function asTexts(value: Json | undefined): string[] {
  return asList(value).filter((entry) => typeof entry === 'string');
}
