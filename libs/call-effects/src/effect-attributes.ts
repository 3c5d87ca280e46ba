import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';
import type { Effect } from './effect.js';

/** An effect as policies and evidence see it: one element of the attribute `effects` of its call. */
export function effectSummary(effect: Effect, cmdb?: JsonObject): JsonObject {
  const { program, system, category, operation, environment, target, via, opaque } = effect;
  return {
    program,
    system,
    category,
    operation,
    ...(environment === undefined ? {} : { environment }),
    ...(target === undefined ? {} : { target }),
    via: [...via],
    opaque: [...opaque],
    ...(cmdb === undefined ? {} : { cmdb }),
  };
}

/**
 * The attributes of the resource that stands for one effect of a call: those of the call, with those of the effect
 * in place of the tool's. The parameters are left out; the call's own resource has them.
 *
 * @param call attributes of the call
 * @param summary one element of its attribute `effects`
 */
export function effectAttributes(call: JsonObject, summary: JsonObject): JsonObject {
  const { params, paramsTruncated, effects, opaque, environment, target, cmdb, ...shared } = call;
  const { program = '', via = [], opaque: unread = [] } = summary;
  return {
    ...shared,
    paramsStatus: 'ok',
    category: summary.category ?? 'uncategorised',
    system: summary.system ?? '',
    operation: summary.operation ?? 'execute',
    ...(summary.environment === undefined ? {} : { environment: summary.environment }),
    ...(summary.target === undefined ? {} : { target: { kind: 'host', id: summary.target } }),
    ...(summary.cmdb === undefined ? {} : { cmdb: summary.cmdb }),
    effect: { program, via, opaque: unread },
  };
}

/** The effects that the attributes of a call list. */
export function listedEffects(call: JsonObject): JsonObject[] {
  const effects: Json | undefined = call.effects;
  return Array.isArray(effects) ? effects.filter(isJsonObject) : [];
}
