import { loadSettings, type SettingsSchema } from '@iris/config';
import type { EnricherDefinition, VendorSource } from '../enricher-definition.js';
import type { VendorError } from '../vendor-error.js';
import {
  type ReceivedRequest,
  type ScriptedAnswer,
  type ScriptedServer,
  startScriptedServer,
} from './scripted-server.js';

/** Sources of one vendor, each over a scripted server of its own. */
export interface ScriptedSources {
  /**
   * @param script answers a request; undefined leaves it without an answer
   * @param environment replaces environment variables of the source; undefined removes one
   */
  start(
    script: (request: ReceivedRequest) => ScriptedAnswer | undefined,
    environment?: Readonly<Record<string, string | undefined>>,
  ): Promise<{ readonly server: ScriptedServer; readonly source: VendorSource }>;
  /** A scripted server beside that of the vendor. */
  server(script: (request: ReceivedRequest) => ScriptedAnswer | undefined): Promise<ScriptedServer>;
  /** Closes all that were started. */
  close(): Promise<void>;
}

/** @param environmentOf the environment of a source whose vendor has this URL */
export function scriptedSources<S extends SettingsSchema>(
  definition: EnricherDefinition<S>,
  environmentOf: (url: string) => Readonly<Record<string, string>>,
): ScriptedSources {
  const closers: (() => Promise<void> | undefined)[] = [];
  const startServer: ScriptedSources['server'] = async (script) => {
    const server = await startScriptedServer(script);
    closers.push(() => server.close());
    return server;
  };
  return {
    server: startServer,
    async start(script, environment = {}) {
      const server = await startServer(script);
      const settings = loadSettings(definition.settings, { ...environmentOf(server.url), ...environment });
      const source = definition.create(settings);
      closers.push(() => source.close?.());
      return { server, source };
    },
    async close() {
      for (const close of closers.splice(0)) await close();
    },
  };
}

/** The error of a call that must fail. */
export async function failure(promise: Promise<unknown>): Promise<VendorError> {
  return promise.then(
    (value) => Promise.reject(new Error(`answered ${JSON.stringify(value)}`)),
    (error) => error,
  );
}
