import { type CatalogDocument, CatalogError, readCatalogDocument } from '@iris/tool-catalog';

export type CatalogReading =
  | { readonly ok: true; readonly document: CatalogDocument }
  | { readonly ok: false; readonly problem: string };

/** The worker thread that parses and checks the text of a tool catalog. An error would lose its class on the way back. */
export default function readInWorker(text: string): CatalogReading {
  try {
    return { ok: true, document: readCatalogDocument(text) };
  } catch (error) {
    if (error instanceof CatalogError) return { ok: false, problem: error.message };
    throw error;
  }
}
