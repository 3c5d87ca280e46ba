import { z } from 'zod';
import { CliFault } from '../exit-codes.js';

const attributes = z.record(z.string(), z.json());

/** A gateway's answer to a what-if question, as far as it is shown. */
const explanationSchema = z.looseObject({
  event: z.string(),
  mode: z.enum(['enforce', 'observe']),
  principal: z.looseObject({ id: z.string(), kind: z.string(), roles: z.array(z.string()), attr: attributes }),
  attributeOrigins: z.record(z.string(), z.looseObject({ source: z.string(), ageSeconds: z.number().optional() })),
  sources: z.record(
    z.string(),
    z.looseObject({
      status: z.string(),
      origin: z.string(),
      ageSeconds: z.number().optional(),
      reason: z.string().optional(),
    }),
  ),
  calls: z.array(
    z.looseObject({
      tool: z.string(),
      phase: z.string(),
      mode: z.enum(['enforce', 'observe']),
      effect: z.enum(['ALLOW', 'DENY']),
      reason: z.string(),
      message: z.string().optional(),
      observe: z.boolean(),
      rules: z.array(z.string()),
      matchedPolicy: z.string().optional(),
      matchedScope: z.string().optional(),
      catalogEntry: z.string().optional(),
      clues: z
        .array(
          z.object({
            parameter: z.string(),
            value: z.string().optional(),
            environment: z.string().optional(),
            by: z.string().optional(),
            weight: z.enum(['decides', 'raises']),
          }),
        )
        .default([]),
      effects: z
        .array(z.looseObject({ summary: attributes, effect: z.enum(['ALLOW', 'DENY']), rules: z.array(z.string()) }))
        .optional(),
      attr: attributes,
    }),
  ),
  stripped: z.array(z.string()),
});
export type Explanation = z.infer<typeof explanationSchema>;

const TIMEOUT_MS = 30_000;

/** What to change, by the status that the gateway answered. */
const FIXES: Readonly<Record<number, string>> = {
  401: 'the hook key is wrong: set IRIS_HOOK_KEY to one of hook.keys',
  403: "this hook key may not ask: list its name in the gateway's setting explain.keyNames",
  404: 'this gateway answers no such questions: is --gateway the URL of an Iris gateway?',
};

/** @throws CliFault when the gateway gives no explanation */
export async function askGateway(
  { gateway, hookKey }: { readonly gateway?: string; readonly hookKey?: string },
  body: string,
  event: string | undefined,
): Promise<Explanation> {
  if (gateway === undefined) throw new CliFault('name a gateway by --gateway or IRIS_GATEWAY_URL');
  if (hookKey === undefined) throw new CliFault('give a hook key by IRIS_HOOK_KEY');
  const url = new URL('/explain', gateway);
  if (event !== undefined) url.searchParams.set('event', event);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${hookKey}`, 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await response.text();
  } catch (error) {
    throw new CliFault(`the gateway ${url.origin} cannot be reached`, { cause: error });
  }
  if (!response.ok) {
    throw new CliFault(FIXES[response.status] ?? `the gateway answered ${response.status}: ${titleOf(text)}`);
  }
  const parsed = explanationSchema.safeParse(jsonOf(text));
  if (!parsed.success) throw new CliFault(`${url.origin} answered something else than an explanation`);
  return parsed.data;
}

function titleOf(text: string): string {
  const problem = z.object({ title: z.string(), reason: z.string().optional() }).safeParse(jsonOf(text));
  return problem.success ? [problem.data.reason, problem.data.title].filter(Boolean).join(': ') : text.slice(0, 200);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
