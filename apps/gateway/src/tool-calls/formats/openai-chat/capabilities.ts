import type { Json, JsonObject } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import { below, objectOf, textOf } from '../../json-access.js';
import type { DeclaredTool } from '../llm-format.js';
import { hostedGroup, mcpGroup } from '../tool-keys.js';

/** Something outside of `tools` that makes the server use a tool. */
interface Capability {
  readonly tool: DeclaredTool;
  /** How a request is without it; undefined where the model itself brings it. */
  readonly removal: JsonPath | undefined;
}

/**
 * What switches tools on outside of `tools`. Whatever searches the web has the name `web_search`.
 *
 * Source: OpenAI (`web_search_options`, the search models), OpenRouter (`plugins`, the suffix `:online`), xAI
 * (`search_parameters`), Alibaba Cloud (`enable_search`), Azure OpenAI (`data_sources`), Cohere (`connectors`), Groq
 * (compound models and `compound_custom`), Perplexity (`sonar` models, `disable_search`).
 */
function* capabilities(body: JsonObject): Generator<Capability> {
  yield* listed(body, 'plugins', (id) => (id === 'web' ? webSearch('plugins') : hostedGroup(`plugin:${id}`)));
  yield* listed(body, 'data_sources', (type) => hostedGroup(`data_source:${type}`, type));
  yield* listed(body, 'connectors', (id) =>
    id === 'web-search' ? webSearch('connectors') : hostedGroup(`connector:${id}`),
  );
  yield* listed(body, 'mcp_servers', mcpGroup);
  const isOn = (value: Json | undefined) => value !== undefined && value !== null && value !== false;
  if (isOn(body.web_search_options)) yield { tool: webSearch('web_search_options'), removal: ['web_search_options'] };
  if (isOn(body.enable_search)) yield { tool: webSearch('enable_search'), removal: ['enable_search'] };
  const live = body.search_parameters;
  if (isOn(live) && objectOf(live)?.mode !== 'off') {
    yield { tool: webSearch('search_parameters'), removal: ['search_parameters'] };
  }
  const models = [body.model, ...(Array.isArray(body.models) ? body.models : [])].map((model) => textOf(model) ?? '');
  if (models.some((model) => SEARCH_MODEL.test(model)) && body.disable_search !== true) {
    yield { tool: webSearch('model'), removal: undefined };
  }
  for (const name of compoundTools(body, models))
    yield { tool: hostedGroup(`compound:${name}`, name), removal: undefined };
}

const SEARCH_MODEL = /:online$|-search-preview|-search-api|(?:^|\/)sonar(?:-|$)/;
const COMPOUND_MODEL = /(?:^|\/)compound(?:-beta|-mini|$)/;
/** What a compound model may use unless the request names its tools. */
const COMPOUND_DEFAULT = ['web_search', 'code_interpreter', 'visit_website'];
const ENABLED: JsonPath = ['compound_custom', 'tools', 'enabled_tools'];

function compoundTools(body: JsonObject, models: readonly string[]): string[] {
  const custom = objectOf(body.compound_custom);
  if (!custom && !models.some((model) => COMPOUND_MODEL.test(model))) return [];
  const enabled = objectOf(custom?.tools)?.enabled_tools;
  if (!Array.isArray(enabled)) return COMPOUND_DEFAULT;
  return enabled.map((name) => textOf(name) ?? '');
}

function webSearch(source: string): DeclaredTool {
  return hostedGroup(source, 'web_search');
}

function* listed(body: JsonObject, key: string, toolOf: (id: string) => DeclaredTool): Generator<Capability> {
  const list = body[key];
  if (!Array.isArray(list)) return;
  for (const [index, entry] of list.entries()) yield { tool: toolOf(idOfEntry(entry)), removal: [key, index] };
}

function idOfEntry(entry: Json): string {
  const object = objectOf(entry);
  const names = [entry, object?.id, object?.type, object?.name, object?.server_label, object?.url];
  return names.map(textOf).find((name) => name !== undefined) ?? 'unknown';
}

export function declaredCapabilities(body: JsonObject): DeclaredTool[] {
  return [...capabilities(body)].map(({ tool }) => tool);
}

/** Edits that switch capabilities off; the key of one that a request for this model cannot be without. */
export function switchOff(body: JsonObject, keys: ReadonlySet<string>): Edit[] | { readonly toolKey: string } {
  const edits: Edit[] = [];
  const counts = new Map<string, number>();
  for (const { tool, removal } of capabilities(body)) {
    if (!keys.has(tool.key)) continue;
    if (removal === undefined) {
      if (!tool.key.startsWith(hostedGroup('compound:').key)) return { toolKey: tool.key };
      continue;
    }
    edits.push({ op: 'remove', path: removal });
    const [list] = removal;
    if (removal.length > 1) counts.set(String(list), (counts.get(String(list)) ?? 0) + 1);
  }
  const emptied = [...counts].filter(([key, count]) => (body[key] as Json[]).length === count).map(([key]) => key);
  const kept = edits.filter(({ path }) => path.length === 1 || !emptied.includes(String(path[0])));
  const compound = compoundEdit(body, keys);
  if ('toolKey' in compound) return compound;
  return [...kept, ...emptied.map((key): Edit => ({ op: 'remove', path: [key] })), ...compound.edits];
}

/** A compound model is held to the tools that are left; without any it cannot be asked. */
function compoundEdit(body: JsonObject, keys: ReadonlySet<string>): { edits: Edit[] } | { toolKey: string } {
  const names = compoundTools(body, [textOf(body.model) ?? '']);
  const isGone = (name: string) => keys.has(hostedGroup(`compound:${name}`).key);
  const left = names.filter((name) => !isGone(name));
  const gone = names.find(isGone);
  if (gone === undefined) return { edits: [] };
  if (left.length === 0) return { toolKey: hostedGroup(`compound:${gone}`).key };
  const custom = objectOf(body.compound_custom);
  const depth = custom === undefined ? 1 : objectOf(custom.tools) === undefined ? 2 : 3;
  const value = [left, { enabled_tools: left }, { tools: { enabled_tools: left } }][3 - depth];
  return { edits: [{ op: 'set', path: below(ENABLED.slice(0, depth)), json: JSON.stringify(value) }] };
}
