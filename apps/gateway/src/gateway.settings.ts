import { type SettingsValues, setting } from '@iris/config';
import { decisionSettings } from '@iris/entry-point';
import { z } from 'zod';
import { DEFAULT_HOOK_LIMITS, type HookLimits } from './hook/index.js';

/** Every setting of the gateway. */
export const gatewaySettings = {
  'http.host': setting.text('Address to listen on.', { fallback: '127.0.0.1' }),
  'http.port': setting.integer('Port to listen on; 0 takes a free one.', { min: 0, max: 65535 }, { fallback: 8080 }),
  'hook.keys': setting.keys(
    "Keys that authenticate hooks, by name. A key that agents.logins maps to a person is valid for agents' hooks only.",
    { fallback: [] },
  ),
  'hook.keysFile': setting.optionalText(
    'YAML or JSON file with further hook keys, their routes (aperture, agent) and logins. It is reloaded on change.',
  ),
  'hook.budgetMs': setting.integer(
    "Maximum time to answer a hook, in ms; keep it below Aperture's timeout (5 s by default).",
    { min: 50, max: 60_000 },
    { fallback: 1500 },
  ),
  'hook.maxBodyBytes': setting.integer(
    'Maximum size of a hook in bytes, before and after decompression.',
    { min: 1024, max: 512 * 1024 * 1024 },
    { fallback: DEFAULT_HOOK_LIMITS.maxBodyBytes },
  ),
  'hook.maxDepth': setting.integer(
    'Maximum nesting of objects and arrays in a hook.',
    { min: 10, max: 2000 },
    { fallback: DEFAULT_HOOK_LIMITS.maxDepth },
  ),

  'limits.maxDecodedRatio': setting.integer(
    'Maximum ratio of decompressed to transferred bytes. Bodies of up to 1 MiB after decompression are exempt.',
    { min: 2, max: 100_000 },
    { fallback: DEFAULT_HOOK_LIMITS.maxDecodedRatio },
  ),
  'limits.maxNodes': setting.integer(
    'Maximum number of JSON values in a hook: objects, arrays, properties and elements.',
    { min: 1000, max: 50_000_000 },
    { fallback: DEFAULT_HOOK_LIMITS.maxNodes },
  ),
  'limits.maxCalls': setting.integer(
    'Maximum number of tool calls in a hook, history included.',
    { min: 1, max: 1_000_000 },
    { fallback: DEFAULT_HOOK_LIMITS.maxCalls },
  ),
  'limits.maxResultsPerCall': setting.integer(
    'Maximum number of results that answer one tool call id.',
    { min: 1, max: 100_000 },
    { fallback: DEFAULT_HOOK_LIMITS.maxResultsPerCall },
  ),
  'limits.maxDeclaredTools': setting.integer(
    'Maximum number of tools that one request declares.',
    { min: 1, max: 100_000 },
    { fallback: DEFAULT_HOOK_LIMITS.maxDeclaredTools },
  ),
  'limits.maxIdLength': setting.integer(
    'Maximum length of a session, request or tool call id in UTF-16 units.',
    { min: 64, max: 1_048_576 },
    { fallback: DEFAULT_HOOK_LIMITS.maxIdLength },
  ),
  'limits.maxNameLength': setting.integer(
    'Maximum length of a tool or server name in UTF-16 units.',
    { min: 64, max: 65_536 },
    { fallback: DEFAULT_HOOK_LIMITS.maxNameLength },
  ),
  'limits.maxBufferedBytes': setting.integer(
    'Maximum bytes of all hook bodies that are in memory at once; raised to hook.maxBodyBytes when it is lower.',
    { min: 1_048_576, max: 17_179_869_184 },
    { fallback: 268_435_456 },
  ),
  'limits.offloadAboveBytes': setting.integer(
    'Size in bytes after decompression above which a hook is read and rewritten in a worker thread.',
    { min: 1024, max: 512 * 1024 * 1024 },
    { fallback: 131_072 },
  ),
  'workers.threads': setting.integer(
    'Maximum number of worker threads that read large hooks. Idle threads beyond the first end.',
    { min: 1, max: 64 },
    { fallback: 2 },
  ),
  'workers.maxQueue': setting.integer(
    'Maximum number of large hooks that wait for a worker thread; further ones are blocked with gateway_busy.',
    { min: 0, max: 10_000 },
    { fallback: 32 },
  ),
  'workers.maxHeapMb': setting.integer(
    'Maximum memory of one worker thread for objects and strings, in MiB; raised to 8 times hook.maxBodyBytes and 256 MiB.',
    { min: 64, max: 65_536 },
    { fallback: 768 },
  ),

  'failure.preRequest': setting.choice(
    'Answer to a pre_request without a decision: closed blocks, open allows.',
    ['closed', 'open'],
    { fallback: 'closed' },
  ),
  'failure.preToolUse': setting.choice(
    "Answer to an agent's own hook without a decision: closed denies, open allows.",
    ['closed', 'open'],
    { fallback: 'closed' },
  ),

  'hook.onDeniedResult': setting.choice(
    'Effect of a denied result in a pre_request: a notice replaces it, or the request is blocked.',
    ['redact', 'block'],
    { fallback: 'redact' },
  ),
  'agents.logins': setting.structure(
    "Login names by the name of a hook key, for agents' own hooks.",
    z.record(z.string(), z.string().min(1)),
    'JSON such as {"ana-laptop":"ana@example.com"}',
    { fallback: {} },
  ),
  'agents.trustedProxies': setting.networks(
    "Addresses or networks of Tailscale proxies whose identity headers are trusted for agents' own hooks.",
    { fallback: [] },
  ),

  'explain.keyNames': setting.list(
    'Names of hook keys that may use explain. It returns attributes of a person, so the default is none.',
    { fallback: [] },
  ),

  ...decisionSettings,
} as const;

export type GatewaySettings = SettingsValues<typeof gatewaySettings>;

/** The limits that the settings declare. */
export function hookLimitsOf(settings: GatewaySettings): HookLimits {
  return {
    maxBodyBytes: settings['hook.maxBodyBytes'],
    maxDecodedRatio: settings['limits.maxDecodedRatio'],
    maxDepth: settings['hook.maxDepth'],
    maxNodes: settings['limits.maxNodes'],
    maxCalls: settings['limits.maxCalls'],
    maxResultsPerCall: settings['limits.maxResultsPerCall'],
    maxDeclaredTools: settings['limits.maxDeclaredTools'],
    maxIdLength: settings['limits.maxIdLength'],
    maxNameLength: settings['limits.maxNameLength'],
    maxParamsBytesPdp: settings['limits.maxParamsBytesPdp'],
    maxParamsBytesEvidence: settings['evidence.maxParamsBytes'],
  };
}

/**
 * Memory of a worker thread in MiB. A thread that reaches its limit can take the process along, so the limit is above what
 * a hook within its own limits needs: the text, its copy in UTF-16, the parsed value and the new text.
 */
export function workerHeapMb(settings: GatewaySettings): number {
  return Math.max(settings['workers.maxHeapMb'], 256 + (8 * settings['hook.maxBodyBytes']) / 1_048_576);
}
