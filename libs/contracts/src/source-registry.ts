import { z } from 'zod';
import { SOURCE_IDS, type SourceId } from './generated/sources.js';
import { sourceSchema } from './source-settings.js';

/** The source registry, `files/sources.yaml` of the chart: one entry for each source, made from its `vendor.yaml`. */
export const sourceRegistrySchema = z.strictObject({
  sources: z.partialRecord(z.enum(SOURCE_IDS as [SourceId, ...SourceId[]]), sourceSchema),
});

export type SourceRegistry = z.infer<typeof sourceRegistrySchema>;
