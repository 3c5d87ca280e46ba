import { type JsonObject, knownFacts } from '@iris/contracts';
import { sameAddress } from '@iris/enricher-kit';
import { z } from 'zod';

/** A field that may be missing, null, empty or of another type: then it is not known. */
const text = z.string().trim().min(1).optional().catch(undefined);
const required = z.string().trim().min(1);

const userSchema = z.object({
  id: required,
  status: required,
  // A value that is not understood may lead away from a live status.
  transitioningToStatus: required.nullish().transform((status) => status ?? undefined),
  lastUpdated: z
    .union([z.date().transform((date) => date.toISOString()), z.string()])
    .optional()
    .catch(undefined),
  profile: z.object({
    login: required,
    email: text,
    displayName: text,
    firstName: text,
    lastName: text,
    department: text,
    costCenter: text,
    title: text,
    manager: text,
    managerId: text,
    userType: text,
    employeeNumber: text,
  }),
});

/** An Okta user, with what a lookup needs present: id, status and login. */
export type OktaUser = z.infer<typeof userSchema>;

const groupSchema = z.object({ id: required, type: required, profile: z.object({ name: required }) });

/** An Okta group. Names are unique within a type only. */
export type OktaGroup = z.infer<typeof groupSchema>;

/** How users and groups become attributes. */
export interface OktaMapping {
  /** Statuses of users who may work. */
  readonly liveStatuses: readonly string[];
  /** Types of group whose names count: OKTA_GROUP, APP_GROUP, BUILT_IN. */
  readonly groupTypes: readonly string[];
  /** The profile field that holds the manager. */
  readonly managerField: 'manager' | 'managerId';
}

/**
 * A user as the SDK gives it, or undefined when the answer is no user: the SDK makes an object without a single field
 * from an HTML page or a list.
 */
export function readUser(payload: unknown): OktaUser | undefined {
  const parsed = userSchema.safeParse(payload);
  return parsed.success ? parsed.data : undefined;
}

/** A group as the SDK gives it, or undefined when the answer is no group. */
export function readGroup(payload: unknown): OktaGroup | undefined {
  const parsed = groupSchema.safeParse(payload);
  return parsed.success ? parsed.data : undefined;
}

/** Whether the user is the one of this login or primary e-mail address. */
export function hasAddress(user: OktaUser, address: string): boolean {
  const { login, email } = user.profile;
  return sameAddress(login, address) || (email !== undefined && sameAddress(email, address));
}

/** Whether the user may work: by the status, and by the status that a running change leads to. */
export function isLive(user: OktaUser, mapping: OktaMapping): boolean {
  const { liveStatuses } = mapping;
  const next = user.transitioningToStatus;
  return liveStatuses.includes(user.status) && (next === undefined || liveStatuses.includes(next));
}

/**
 * The attributes of a user.
 *
 * @param groups all groups of the user, or undefined when they are not known; nothing of them counts when the user is
 *   not live
 */
export function userAttributes(
  user: OktaUser,
  groups: readonly OktaGroup[] | undefined,
  mapping: OktaMapping,
): JsonObject {
  const { profile } = user;
  const live = isLive(user, mapping);
  const { firstName, lastName } = profile;
  const fullName = firstName === undefined || lastName === undefined ? undefined : `${firstName} ${lastName}`;
  return knownFacts({
    id: user.id,
    status: user.status,
    live,
    login: profile.login,
    email: profile.email,
    displayName: profile.displayName ?? fullName,
    department: profile.department,
    costCenter: profile.costCenter,
    title: profile.title,
    manager: profile[mapping.managerField],
    employeeType: profile.userType,
    employeeNumber: profile.employeeNumber,
    groups: live ? groups && groupNames(groups, mapping) : [],
  });
}

function groupNames(groups: readonly OktaGroup[], mapping: OktaMapping): string[] {
  const counted = groups.filter((group) => mapping.groupTypes.includes(group.type));
  return [...new Set(counted.map((group) => group.profile.name))].sort();
}
