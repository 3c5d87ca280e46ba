import type { Attribute } from '@iris/console-api';
import { isJsonObject, type Json, type JsonObject, SOURCE_IDS } from '@iris/contracts';
import type { EvidenceRecord } from '@iris/evidence';
import { boundedJson } from './bounded-json.js';

/** Most attributes in an answer, and the size of one value. */
const MAX_ATTRIBUTES = 500;
const VALUE_BOUNDS = { text: 2048, values: 200, depth: 6 };

export interface AttributeOptions {
  /** Whether the values of facts are answered. */
  readonly showValues: boolean;
  /** Whether a rule that decided reads the attribute at a path. */
  readonly isRead: (path: string) => boolean;
}

/** The attributes of the principal with where each came from. A fact of a source has its age and its end. */
export function principalAttributesOf(record: EvidenceRecord, options: AttributeOptions): Attribute[] {
  const attr = record.principal.attr as JsonObject;
  const flattened = Object.entries(attr).filter(([name]) => !isSource(name) && name !== 'context');
  const bySource = Object.entries(attr).flatMap(([source, facts]) =>
    isSource(source) && isJsonObject(facts)
      ? Object.entries(facts).map(([name, value]) => [`${source}.${name}`, value, source] as const)
      : [],
  );
  return [
    ...flattened.map(([path, value]) =>
      attributeOf(record, path, value, record.attributeOrigins[path]?.source, options),
    ),
    ...bySource.map(([path, value, source]) => attributeOf(record, path, value, source, options)),
  ].slice(0, MAX_ATTRIBUTES);
}

/** The attributes of the call without its parameters and its effects, which are answered apart. */
export function callAttributesOf(record: EvidenceRecord, options: AttributeOptions): Attribute[] {
  const { params: _, effects: __, ...attr } = (record.resource?.attr ?? {}) as JsonObject;
  // A catalog names what a call is about; what was in its parameters is hidden with them.
  const isOfParameters = (path: string) => ['target', 'url', 'userAgent', 'cmdb', 'requestId'].includes(path);
  return Object.entries(attr)
    .slice(0, MAX_ATTRIBUTES)
    .map(([path, value]) =>
      attributeOf(record, path, value, path === 'cmdb' ? 'servicenow' : undefined, {
        ...options,
        showValues: options.showValues || !isOfParameters(path),
      }),
    );
}

function attributeOf(
  record: EvidenceRecord,
  path: string,
  value: Json,
  source: string | undefined,
  { showValues, isRead }: AttributeOptions,
): Attribute {
  const { value: shown, cut } = boundedJson(value, VALUE_BOUNDS);
  return {
    path,
    ...(showValues ? { value: shown, ...(cut ? { cut } : {}) } : { hidden: true }),
    ...freshnessOf(record, path, source),
    readByRule: isRead(path),
  };
}

function freshnessOf(record: EvidenceRecord, path: string, source: string | undefined): Partial<Attribute> {
  if (source === undefined) return {};
  const state = record.sources?.[source];
  const ageSeconds = record.attributeOrigins[path]?.ageSeconds ?? state?.ageSeconds;
  return {
    source,
    status: state?.status,
    ageSeconds,
    observedAt:
      ageSeconds === undefined ? undefined : new Date(Date.parse(record.time) - ageSeconds * 1000).toISOString(),
    freshUntil: state?.freshUntil,
    staleUntil: state?.staleUntil,
  };
}

export function isSource(name: string): boolean {
  return (SOURCE_IDS as readonly string[]).includes(name);
}
