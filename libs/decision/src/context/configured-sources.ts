import { SOURCE_IDS, type SourceId, type SourceSettings } from '@iris/contracts';
import type { EnricherClient } from './enricher-client.js';

/** A source as the gateway uses it. */
export interface ConfiguredSource {
  readonly id: SourceId;
  readonly settings: SourceSettings;
  readonly client: Pick<EnricherClient, 'enrich' | 'close'>;
}

/** The sources of a registry that are enabled, in the order in which they are shown. */
export function enabledSources(
  sources: Readonly<Partial<Record<SourceId, SourceSettings>>>,
  connect: (id: SourceId, settings: SourceSettings) => ConfiguredSource['client'],
): ConfiguredSource[] {
  return SOURCE_IDS.flatMap((id) => {
    const settings = sources[id];
    return settings?.enabled ? [{ id, settings, client: connect(id, settings) }] : [];
  });
}
