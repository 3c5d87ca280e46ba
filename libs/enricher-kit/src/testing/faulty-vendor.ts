import {
  type ReceivedRequest,
  type ScriptedAnswer,
  type ScriptedServer,
  startScriptedServer,
} from './scripted-server.js';

/** What goes wrong at the vendor, for every request, those for a token included. */
export type FaultMode = 'none' | 'unauthorized' | 'rate_limited' | 'server_error' | 'html' | 'truncated' | 'hang';

/** What a vendor that limits asks for, in s. */
export const RETRY_AFTER_SECONDS = 7;

const JSON_TYPE = { 'content-type': 'application/json' };

const FAULTS: Readonly<Record<Exclude<FaultMode, 'none' | 'hang'>, ScriptedAnswer>> = {
  unauthorized: { status: 401, body: { error: 'unauthorized' } },
  rate_limited: { status: 429, body: { error: 'slow down' }, headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } },
  server_error: { status: 500, body: { error: 'internal' } },
  html: { status: 200, body: '<!doctype html><title>Maintenance</title>' },
  truncated: { status: 200, body: '{"result": [{"id": "1', headers: JSON_TYPE },
};

export interface FaultyVendor extends ScriptedServer {
  fault(mode: FaultMode): void;
}

/** A scripted server whose every answer can be replaced by a fault. */
export async function startFaultyVendor(
  script: (request: ReceivedRequest) => ScriptedAnswer | undefined,
): Promise<FaultyVendor> {
  let mode: FaultMode = 'none';
  const server = await startScriptedServer((request) => {
    if (mode === 'none') return script(request);
    return mode === 'hang' ? undefined : FAULTS[mode];
  });
  return {
    ...server,
    fault: (next) => {
      mode = next;
    },
  };
}
