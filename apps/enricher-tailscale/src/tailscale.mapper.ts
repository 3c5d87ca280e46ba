import { type Json, type JsonObject, knownFacts } from '@iris/contracts';
import { z } from 'zod';

/** A field that may be missing, null, empty or of another type: then it is not known. */
const text = z.string().trim().min(1).optional().catch(undefined);

const deviceSchema = z.object({
  nodeId: z.string().min(1),
  hostname: text,
  os: text,
  user: text,
  tags: z.array(z.string()).nullish(),
  connectedToControl: z.boolean().optional().catch(undefined),
  lastSeen: z.iso
    .datetime({ offset: true })
    .transform((value) => Date.parse(value))
    .optional()
    .catch(undefined),
});

/** A device of the tailnet. */
export interface TailscaleDevice extends Omit<z.infer<typeof deviceSchema>, 'connectedToControl' | 'lastSeen'> {
  readonly connected?: boolean;
  /** Epoch ms; absent while the device is connected. */
  readonly lastSeen?: number;
}

const instant = z.iso.datetime({ offset: true }).transform((value) => Date.parse(value));
const postureValue = z.union([z.string(), z.number(), z.boolean()]);
const postureSchema = z.object({
  attributes: z.record(z.string(), z.unknown()),
  expiries: z.record(z.string(), z.unknown()).nullish(),
});

/** Posture attributes that hold now. */
export interface Posture {
  readonly values: ReadonlyMap<string, string | number | boolean>;
  /** Epoch ms when the first of them expires. */
  readonly endsAt?: number;
}

/** One posture attribute with the value of a managed device. */
interface PostureCondition {
  readonly key: string;
  readonly value: string;
}

/** How it is told whether a device is managed. */
export interface ManagedRule {
  /** One that holds is enough. */
  readonly conditions: readonly PostureCondition[];
  /** Whether a device that has none of the conditions' keys is unmanaged; otherwise it is not known. */
  readonly unmanagedWhenAbsent: boolean;
}

/** A device as the API gives it, or undefined when the answer is no device. */
export function readDevice(payload: unknown): TailscaleDevice | undefined {
  const parsed = deviceSchema.safeParse(payload);
  if (!parsed.success) return undefined;
  const { connectedToControl, ...device } = parsed.data;
  return { ...device, connected: connectedToControl };
}

/**
 * The posture attributes that have not expired at `now` (epoch ms), or undefined when the answer holds none. An
 * attribute whose expiry cannot be read is left out: it may have expired.
 */
export function readPosture(payload: unknown, now: number): Posture | undefined {
  const parsed = postureSchema.safeParse(payload);
  if (!parsed.success) return undefined;
  const { attributes, expiries } = parsed.data;
  const values = new Map<string, string | number | boolean>();
  let endsAt: number | undefined;
  for (const [key, raw] of Object.entries(attributes)) {
    const value = postureValue.safeParse(raw);
    if (!value.success) continue;
    const expiry = expiries && Object.hasOwn(expiries, key) ? expiries[key] : undefined;
    if (expiry !== undefined) {
      const at = instant.safeParse(expiry);
      if (!at.success || at.data <= now) continue;
      endsAt = Math.min(endsAt ?? at.data, at.data);
    }
    values.set(key, value.data);
  }
  return { values, endsAt };
}

/**
 * The attributes of a device. A tagged node belongs to its tags: its `user` is whoever registered it, so the node is
 * described without a user.
 *
 * @param posture undefined when the posture is not known
 */
export function deviceAttributes(device: TailscaleDevice, posture: Posture | undefined, rule: ManagedRule): JsonObject {
  const tags = device.tags ?? [];
  return {
    device: knownFacts({
      id: device.nodeId,
      hostname: device.hostname,
      os: device.os,
      managed: posture === undefined ? undefined : isManaged(posture, rule),
      tags: [...tags],
      user: tags.length === 0 ? device.user : undefined,
      posture: posture === undefined ? undefined : toObject(posture),
    }),
  };
}

/** Undefined when the device has none of the keys of the rule: an attribute that is not set matches nothing. */
function isManaged(posture: Posture, rule: ManagedRule): boolean | undefined {
  const present = rule.conditions.filter(({ key }) => posture.values.has(key));
  if (present.length === 0) return rule.unmanagedWhenAbsent ? false : undefined;
  return present.some(({ key, value }) => String(posture.values.get(key)) === value);
}

function toObject(posture: Posture): JsonObject {
  const entries: [string, Json][] = [...posture.values].filter(([key]) => key !== '__proto__');
  return Object.fromEntries(entries);
}
