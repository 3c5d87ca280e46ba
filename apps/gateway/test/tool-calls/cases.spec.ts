import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { parseDocument } from '@iris/json-document';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { BodyDecisions } from '../../src/protocol/hook-calls.js';
import {
  type ExecutedCall,
  type ReadBody,
  type RequestedCall,
  readProviderBody,
  readResponseCalls,
  rewriteProviderBody,
} from '../../src/tool-calls/index.js';
import { PROVIDER_RULES } from './provider-rules.js';

/** A call as a case writes it. What is usual is left out; a `*` in an id stands for a digest. */
interface ExpectedCall {
  readonly id: string;
  readonly name: string;
  readonly server?: string;
  readonly paramsStatus: string;
  readonly params?: unknown;
  readonly newest?: boolean;
  readonly serverSide?: boolean;
  readonly caller?: string;
  readonly visible?: boolean;
  readonly results?: unknown;
  /** Compared only where a case states them. */
  readonly anomalies?: readonly string[];
}

interface BodyCase {
  readonly title: string;
  readonly url: string;
  /** The body as text. */
  readonly body: string;
  readonly expect: {
    readonly format: string;
    readonly declared: string[];
    readonly executed: ExpectedCall[];
    /** Calls that the provider runs with this request. */
    readonly pending?: ExpectedCall[];
    readonly unknownFields?: string[];
  };
  readonly rewrite?: {
    readonly strip?: string[];
    readonly redact?: Record<string, string>;
    /** A notice for every call. */
    readonly redactAll?: string;
    readonly status?: 'unchanged' | 'not_representable';
    readonly callId?: string;
    readonly toolKey?: string;
    readonly text?: string;
    readonly body?: unknown;
  };
}

interface ResponseCase {
  readonly title: string;
  readonly response: Record<string, unknown>;
  readonly calls: ExpectedCall[];
  readonly mismatch?: Record<string, string[]>;
  readonly sources?: string[];
  readonly unreadable?: string[];
}

interface InvalidCase {
  readonly title: string;
  readonly url: string;
  readonly body: string;
  readonly reason: string;
  /** Part of the message, with the path in the body. */
  readonly detail?: string;
}

const FORMATS_FOLDER = new URL('../../src/tool-calls/formats/', import.meta.url);
const FILES = [
  ...filesIn(new URL('../../src/tool-calls/cases/', import.meta.url)),
  ...readdirSync(FORMATS_FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(new URL(`${entry.name}/cases/`, FORMATS_FOLDER)))
    .flatMap(({ name }) => filesIn(new URL(`${name}/cases/`, FORMATS_FOLDER), name)),
];

/** The case files of a folder: what they are called in the output, and where they are. */
function filesIn(folder: URL, owner?: string): [string, URL][] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  return files.sort().map((file) => [owner === undefined ? file : `${owner}/${file}`, new URL(file, folder)]);
}

/** The cases of one kind. A file holds one case, or a list of them. */
function load<T extends { title: string }>(isOfKind: (content: T) => boolean): [string, T][] {
  return FILES.flatMap(([file, url]) => {
    const content = parse(readFileSync(url, 'utf8')) as T | T[];
    const cases = Array.isArray(content) ? content : [content];
    return cases.filter(isOfKind).map((one): [string, T] => [`${file}: ${one.title}`, one]);
  });
}

function read(text: string, url: string): ReadBody {
  const parsed = parseDocument(text, { maxDepth: 100 });
  if (!parsed.ok) throw new Error(parsed.reason);
  const body = readProviderBody(parsed.document, url);
  if (body.status !== 'read') throw new Error(`${body.reason} ${'detail' in body ? body.detail : ''}`);
  return body;
}

function shown(call: ExecutedCall | RequestedCall, expected: ExpectedCall | undefined): ExpectedCall {
  const pattern = new RegExp(`^${(expected?.id ?? '').replace(/[.+?^${}()|[\]\\/]/g, '\\$&').replaceAll('*', '.+')}$`);
  return {
    id: expected && pattern.test(call.id) ? expected.id : call.id,
    name: call.name,
    ...(call.server === undefined ? {} : { server: call.server }),
    paramsStatus: call.paramsStatus,
    ...(call.params === undefined || (expected && expected.params === undefined && call.paramsStatus === 'ok')
      ? {}
      : { params: call.params }),
    ...(call.serverSide ? { serverSide: true } : {}),
    ...('inNewestTurn' in call && call.inNewestTurn ? { newest: true } : {}),
    ...('caller' in call && call.caller !== 'direct' ? { caller: call.caller } : {}),
    ...('callVisible' in call && !call.callVisible ? { visible: false } : {}),
    ...('results' in call && expected?.results ? { results: call.results } : {}),
    ...(expected?.anomalies ? { anomalies: call.anomalies ?? [] } : {}),
  };
}

describe('bodies', () => {
  const cases = load<BodyCase>((content) => content.body !== undefined && content.expect !== undefined);

  it.each(cases)('%s', (_, { url, body: text, expect: expected, rewrite }) => {
    const body = read(text, url);
    expect(body.format).toBe(expected.format);
    expect(body.declared.map((tool) => tool.key)).toEqual(expected.declared);
    expect(body.executed.map((call, index) => shown(call, expected.executed[index]))).toEqual(expected.executed);
    expect(body.pending.map((call, index) => shown(call, expected.pending?.[index]))).toEqual(expected.pending ?? []);
    if (expected.unknownFields) expect(body.unknownFields).toEqual(expected.unknownFields);
    const ids = body.executed.map((call) => call.id);
    expect(new Set(ids).size).toBe(ids.length);
    if (!rewrite) return;

    const all = rewrite.redactAll === undefined ? [] : ids.map((id) => [id, rewrite.redactAll] as [string, string]);
    const decisions: BodyDecisions = {
      strip: new Set(rewrite.strip),
      redact: new Map([...Object.entries(rewrite.redact ?? {}), ...all]),
    };
    const rewritten = rewriteProviderBody(body, decisions);
    if (rewritten.status !== 'rewritten') {
      expect(rewritten.status).toBe(rewrite.status);
      expect(rewritten).toMatchObject({
        ...(rewrite.callId === undefined ? {} : { callId: rewrite.callId }),
        ...(rewrite.toolKey === undefined ? {} : { toolKey: rewrite.toolKey }),
      });
      return;
    }
    if (rewrite.text !== undefined) expect(rewritten.text).toBe(rewrite.text.trimEnd());
    if (rewrite.body !== undefined) expect(JSON.parse(rewritten.text)).toEqual(rewrite.body);
    expect(rewrite.text ?? rewrite.body).toBeDefined();
    expect(rewriteProviderBody(read(rewritten.text, url), decisions)).toEqual({ status: 'unchanged' });
    const rules = (PROVIDER_RULES as Partial<Record<string, (body: unknown) => string[]>>)[body.format];
    const before = rules?.(JSON.parse(text)) ?? [];
    const complaints = rules?.(JSON.parse(rewritten.text)) ?? [];
    expect(complaints.filter((complaint) => !before.includes(complaint))).toEqual([]);
  });
});

describe('responses', () => {
  const cases = load<ResponseCase>((content) => content.response !== undefined);

  it.each(cases)('%s', (_, expected) => {
    const read = readResponseCalls(expected.response);
    expect(read.calls.map((call, index) => shown(call, expected.calls[index]))).toEqual(expected.calls);
    expect(new Set(read.calls.map((call) => call.id)).size).toBe(read.calls.length);
    expect(read.mismatch).toEqual(expected.mismatch);
    expect(read.unreadable).toEqual(expected.unreadable ?? []);
    if (expected.sources) expect(read.sources).toEqual(expected.sources);
  });
});

describe('bodies that are not judged', () => {
  const cases = load<InvalidCase>((content) => content.reason !== undefined);

  it.each(cases)('%s', (_, { url, body, reason, detail }) => {
    const parsed = parseDocument(body, { maxDepth: 100 });
    const result = parsed.ok ? readProviderBody(parsed.document, url) : parsed;
    expect(result).toMatchObject({ reason, ...(detail === undefined ? {} : { detail }) });
  });
});
