import { effectSummary } from '@iris/call-effects';
import { isJsonObject, type Json, type JsonObject, type ToolCall } from '@iris/contracts';
import { callAttributes, EffectsOfCalls } from '@iris/decision';
import type { EvidenceRecord } from '@iris/evidence';
import type { Catalog } from '@iris/tool-catalog';

/** Attributes that the tool catalog gives. */
const OF_CATALOG = ['tool', 'category', 'system', 'operation', 'environment', 'target', 'effects', 'opaque'];

/** Attributes of a recorded call as another catalog reads the call; those that no catalog gives stay as recorded. */
export class CatalogReapplication {
  private readonly effects: EffectsOfCalls;

  constructor(private readonly catalog: Catalog) {
    this.effects = new EffectsOfCalls(catalog);
  }

  /** @returns undefined when the record holds too little of the call to read it again */
  attributes({ action, resource, phase }: EvidenceRecord): JsonObject | undefined {
    if (action === undefined || resource === undefined || phase === 'none') return undefined;
    const recorded = resource.attr as JsonObject;
    // A kind that no format lists, and a call that was too large: the catalog has no part in either.
    if (recorded.category === 'unrecognised' || (recorded.paramsTruncated === true && recorded.params === undefined)) {
      return undefined;
    }
    const call = this.callOf(action, recorded, resource.id, phase);
    const cmdb = isJsonObject(recorded.cmdb) ? recorded.cmdb : undefined;
    const read = callAttributes(call, this.catalog, cmdb, Number.MAX_SAFE_INTEGER);
    if (read.status !== 'ok') return undefined;
    const { opaque } = this.effects.of(call);
    const effects = this.effects.checked(call).map((effect) => effectSummary(effect, undefined));
    const kept = Object.fromEntries(Object.entries(recorded).filter(([key]) => !OF_CATALOG.includes(key)));
    return {
      ...kept,
      ...read.attr,
      ...(recorded.paramsStatus === undefined ? {} : { paramsStatus: recorded.paramsStatus }),
      ...(effects.length > 0 ? { effects } : {}),
      ...(opaque.length > 0 ? { opaque: [...opaque] } : {}),
    };
  }

  private callOf(name: string, recorded: JsonObject, id: string, phase: ToolCall['phase']): ToolCall {
    const tool = isJsonObject(recorded.tool) ? recorded.tool : {};
    const call = {
      ...{ id, name, phase, paramsStatus: recorded.paramsStatus },
      ...(typeof tool.server === 'string' ? { server: tool.server } : {}),
      ...(isJsonObject(recorded.params) ? { params: recorded.params } : {}),
    } as ToolCall;
    const ofName: readonly string[] = this.catalog.classify(call).tool.anomalies;
    const ofCall = textsOf(tool.anomalies).filter((anomaly) => !ofName.includes(anomaly));
    return { ...call, anomalies: ofCall as ToolCall['anomalies'] };
  }
}

function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((element) => typeof element === 'string') : [];
}
