import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type Document, parseDocument, type YAMLMap } from 'yaml';
import { z } from 'zod';
import { ATTRIBUTE_TYPES } from '../../../libs/contracts/src/attribute-definition.js';
import { sourceSchema } from '../../../libs/contracts/src/source-settings.js';

const path = z.string().regex(/^[a-zA-Z][\w]*(\.[a-zA-Z][\w]*)*$/, 'names joined by dots');

const attributeSchema = z.strictObject({
  /** Path below `P.attr.<id>`. */
  path,
  type: z.enum(ATTRIBUTE_TYPES),
  meaning: z.string().min(1),
  /** Offers the value as `P.attr.<path>` too. The vendor with the lowest rank that has a value wins. */
  flattened: z
    .strictObject({
      rank: z.int().positive(),
      /** Meaning of the flattened attribute; that of the attribute itself when absent. */
      meaning: z.string().min(1).optional(),
    })
    .optional(),
});

/** `apps/enricher-<id>/vendor.yaml`. */
const vendorSchema = z.strictObject({
  /** Name of the vendor's product. */
  title: z.string().min(1),
  /** The facts that it provides, in a few words. */
  provides: z.string().min(1),
  /** Host names that the enricher connects to; `*.` for any subdomain. */
  egress: z.array(z.string().regex(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'a host name')).min(1),
  /** Entry in the source registry. The address follows from the id. A source is off unless `enabled` is true. */
  registry: sourceSchema.omit({ address: true, enabled: true }).extend({ enabled: z.boolean().default(false) }),
  attributes: z.array(attributeSchema).min(1),
});

export interface Vendor extends z.infer<typeof vendorSchema> {
  /** From the name of the folder. */
  readonly id: string;
  readonly folder: string;
  /** The entry as written, with its comments. */
  readonly registryNode: YAMLMap;
}

const PREFIX = 'enricher-';

/** All vendors, sorted by id. @throws Error that names the file and the key */
export function readVendors(): Vendor[] {
  return readdirSync('apps')
    .filter((name) => name.startsWith(PREFIX))
    .sort()
    .map((name) => readVendor(name.slice(PREFIX.length)));
}

function readVendor(id: string): Vendor {
  const folder = `apps/${PREFIX}${id}`;
  const file = `${folder}/vendor.yaml`;
  if (!/^[a-z][a-z0-9]*$/.test(id)) throw new Error(`${folder}: an id has lower-case letters and digits only`);
  for (const needed of [
    'vendor.yaml',
    'README.md',
    'tsconfig.app.json',
    'src/main.ts',
    'src/definition.ts',
    'simulated-api/index.ts',
  ]) {
    if (!existsSync(`${folder}/${needed}`)) throw new Error(`${folder} has no ${needed}`);
  }
  const document: Document = parseDocument(readFileSync(file, 'utf8'));
  if (document.errors[0] !== undefined) throw new Error(`${file}: ${document.errors[0].message}`);
  const parsed = vendorSchema.safeParse(document.toJS());
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`${file}: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { attributes } = parsed.data;
  const twice = attributes.find(
    ({ path: one }, index) => attributes.findIndex(({ path: other }) => other === one) !== index,
  );
  if (twice !== undefined) throw new Error(`${file}: attributes has ${twice.path} twice`);
  return { id, folder, ...parsed.data, registryNode: document.get('registry') as YAMLMap };
}
