import { Document, type YAMLMap } from 'yaml';
import type { Vendor } from './vendor-file.js';

const HEADER = ` Made by \`npm run generate\` from apps/enricher-*/vendor.yaml; do not edit.
 The source registry: one entry for each source of facts. Times are in s unless the name ends in Ms.`;

/** `files/sources.yaml` of the chart, with the comments of each vendor's entry. */
export function sourceRegistryFile(vendors: readonly Vendor[]): string {
  const document = new Document({ sources: {} });
  document.commentBefore = HEADER;
  for (const { id, registry, registryNode } of vendors) {
    const entry = registryNode.clone() as YAMLMap;
    entry.set('enabled', registry.enabled);
    entry.set('address', `enricher-${id}:50051`);
    document.setIn(['sources', id], entry);
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
