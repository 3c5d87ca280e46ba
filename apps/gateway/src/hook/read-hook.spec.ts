import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import type { IncomingHook } from '../protocol/incoming-hook.js';
import { DEFAULT_HOOK_LIMITS } from './hook-limits.js';
import { readHook } from './read-hook.js';

const EVENTS = parse(readFileSync('apps/gateway/src/hook/hook-events.cases.yaml', 'utf8')) as {
  readonly hook: object;
  readonly event: string;
}[];

const limits = { ...DEFAULT_HOOK_LIMITS, maxBodyBytes: 10_000, maxDepth: 20, maxNodes: 500 };

function incoming(body: string | Buffer, rest: Partial<IncomingHook> = {}): IncomingHook {
  return {
    routeEvent: undefined,
    keyName: 'aperture',
    arrivedAt: 1,
    body: Buffer.isBuffer(body) ? body : Buffer.from(body),
    contentCoding: undefined,
    ...rest,
  };
}

async function eventOf(hook: object): Promise<string | undefined> {
  const read = await readHook(incoming(JSON.stringify(hook)), limits);
  return read.ok ? read.hook.event : undefined;
}

describe('the event', () => {
  it.each(EVENTS.map(({ hook, event }): [string, object, string] => [JSON.stringify(hook), hook, event]))(
    'of %s is the expected one',
    async (_title, hook, event) => {
      expect(await eventOf(hook)).toBe(event);
    },
  );

  it('is that of the route, whatever the payload is', async () => {
    const read = await readHook(incoming('{"tool_calls":[]}', { routeEvent: 'pre_request' }), limits);
    expect(read).toMatchObject({ ok: true, hook: { event: 'pre_request', keyName: 'aperture', arrivedAt: 1 } });
  });
});

describe('what is refused', () => {
  it.each([
    ['', 'hook_malformed', /JSON/],
    ['[]', 'hook_malformed', /^\(body\)/],
    ['{"metadata":{"login_name":5}}', 'hook_malformed', /^metadata\.login_name/],
    ['{"a":{"b":1,"b":2}}', 'duplicate_json_key', / at a\.b$/],
    ['{"a":{"<script>":1,"<script>":2}}', 'duplicate_json_key', / at a\.\(key\)$/],
    [`${'['.repeat(21)}${']'.repeat(21)}`, 'body_too_deep', /20 levels/],
    [JSON.stringify({ a: 'x'.repeat(10_000) }), 'body_too_large', /10000 bytes/],
    [`[${'[],'.repeat(600)}[]]`, 'body_too_complex', /500 JSON values/],
    [Buffer.from([0x7b, 0xff, 0x7d]), 'hook_malformed', /not UTF-8/],
    ['\uFEFF{}', 'hook_malformed', /JSON/],
  ] as const)('%s is %s', async (body, reason, detail) => {
    const read = await readHook(incoming(body), limits);
    expect(read).toEqual({ ok: false, reason, detail: expect.stringMatching(detail) });
  });

  it('never throws, whatever the bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.uint8Array(), fc.json().map(Buffer.from)),
        fc.constantFrom(undefined, 'gzip', 'zstd', 'br'),
        async (bytes, contentCoding) => {
          const read = await readHook(incoming(Buffer.from(bytes), { contentCoding }), limits);
          expect(typeof read.ok).toBe('boolean');
        },
      ),
    );
  });
});

describe("an agent's own hook", () => {
  const agent = { agent: 'claude' as const, loginName: 'ana@example.com', userAgent: 'claude-cli/2' };
  const read = (value: unknown) =>
    readHook(incoming(JSON.stringify(value), { routeEvent: 'pre_tool_use', agent }), limits);

  it('is from whom the request is, never from its body', async () => {
    const claim = { login_name: 'eve@example.com', stable_node_id: 'n1', grants: { a: [] } };
    const body = { session_id: 's', tool_use_id: 't', tool_name: 'Bash', tool_input: { command: 'ls' }, ...claim };
    const result = await read({ ...body, metadata: claim });
    expect(result).toMatchObject({
      ok: true,
      hook: { event: 'pre_tool_use', data: { tool_calls: [{ name: 'Bash', params: { command: 'ls' } }] } },
    });
    expect(result.ok && result.hook.metadata).toEqual({
      login_name: 'ana@example.com',
      user_agent: 'claude-cli/2',
      session_id: 's',
      request_id: 't',
    });
  });

  it('of another event has no call', async () => {
    expect(await read({ hook_event_name: 'Stop', tool_name: 'x' })).toMatchObject({
      ok: true,
      hook: { data: { tool_calls: [] } },
    });
  });

  it.each(['session_id', 'tool_use_id'])('with a huge %s is refused', async (field) => {
    expect(await read({ tool_name: 'x', [field]: 'i'.repeat(5000) })).toMatchObject({ ok: true });
    const huge = await readHook(
      incoming(JSON.stringify({ tool_name: 'x', [field]: 'i'.repeat(65) }), { routeEvent: 'pre_tool_use', agent }),
      { ...limits, maxIdLength: 64 },
    );
    expect(huge).toMatchObject({ ok: false, reason: 'id_too_long', detail: expect.stringContaining('64 characters') });
  });

  it('that is no object is refused', async () => {
    expect(await read([1])).toMatchObject({ ok: false, reason: 'hook_malformed' });
  });
});
