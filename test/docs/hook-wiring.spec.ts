import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { apertureConfigSchema } from '../../apps/sandbox/src/aperture/aperture-config.js';
import { hooksFor } from '../../apps/sandbox/src/aperture/grants.js';

const MARKDOWN_BLOCK = /^```(\w+)\n([\s\S]*?)^```$/gm;

/** The code blocks of a page in one language. */
function blocks(page: string, language: string): unknown[] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(MARKDOWN_BLOCK)]
    .filter(([, found]) => found === language)
    .map(([, , code]) => JSON.parse(code ?? ''));
}

const WIRING = 'docs/aperture-wiring.md';
const target = {
  identity: { loginName: 'ana@example.com', stableNodeId: 'n1', tailnetName: 'example.ts.net' },
  provider: 'anthropic',
  model: 'claude-sonnet-5',
};

/** What Aperture sends for a request, by the path of the hook. */
function wired(config: unknown) {
  return hooksFor(apertureConfigSchema.parse(config), target).map(({ hook, events, send }) => ({
    path: new URL(hook.url).pathname,
    failPolicy: hook.fail_policy,
    events: [...events],
    send: [...send],
  }));
}

describe('the snippets for Aperture', () => {
  const [enforcement, ...rest] = blocks(WIRING, 'json');

  it('send requests to Iris before the provider, and block without an answer', () => {
    expect(rest).toEqual([]);
    expect(wired(enforcement)).toEqual([
      {
        path: '/ext/aperture/pre_request',
        failPolicy: 'fail_closed',
        events: ['pre_request'],
        send: ['request_body', 'grants'],
      },
    ]);
  });

  it('of the tailnet policy name a destination, and are valid grants beside it', () => {
    const policies = blocks(WIRING, 'hujson');
    expect(policies).toHaveLength(1);
    const schema = z.strictObject({ grants: z.array(z.looseObject({ dst: z.array(z.string()).min(1) })) });
    const grants = schema.parse(policies[0]).grants.map(({ dst: _dst, ...grant }) => grant);
    const known = enforcement as { readonly providers: unknown; readonly hooks: unknown };
    expect(
      apertureConfigSchema.safeParse({ providers: known.providers, hooks: known.hooks, grants }).error,
    ).toBeUndefined();
  });
});

describe('the snippets for Claude Code', () => {
  const http = z.strictObject({
    type: z.literal('http'),
    url: z.url().endsWith('/ext/claude'),
    headers: z.record(z.string(), z.string()),
    allowedEnvVars: z.array(z.string()),
    timeout: z.number().min(2),
    onFailure: z.literal('block'),
  });
  const command = z.strictObject({ type: z.literal('command'), command: z.string().endsWith('|| exit 2') });
  const settings = z.strictObject({
    hooks: z.strictObject({
      PreToolUse: z
        .array(z.strictObject({ matcher: z.literal('*'), hooks: z.array(z.union([http, command])).length(1) }))
        .length(1),
    }),
  });

  it('block every tool when no answer comes, and put in only variables that they list', () => {
    const found = blocks('docs/agent-hook.md', 'json').map((block) => settings.parse(block));
    const hooks = found.flatMap(({ hooks: { PreToolUse } }) => PreToolUse.flatMap(({ hooks }) => hooks));
    expect(hooks.map(({ type }) => type)).toEqual(['http', 'command']);
    for (const hook of hooks) {
      if (hook.type !== 'http') continue;
      const used = Object.values(hook.headers).flatMap((value) =>
        [...value.matchAll(/\$(\w+)/g)].map(([, name]) => name),
      );
      expect(used).toEqual(hook.allowedEnvVars);
    }
  });
});
