import { environmentName, type SettingsSchema } from '@iris/config';
import {
  type AttributeDefinition,
  FLATTENED_ATTRIBUTES,
  PRINCIPAL_ATTRIBUTES,
  REASONS,
  RESOURCE_ATTRIBUTES,
  SOURCE_ATTRIBUTES,
  SOURCE_IDS,
} from '@iris/contracts';
import { evidenceFieldTable } from '@iris/evidence';
import { METRICS, type MetricName, prometheusName } from '@iris/telemetry';
import type { Vendor } from './vendor-file.js';

/** The reference pages by file name, made from the code that they describe. */
export function referencePages(
  settings: Readonly<Record<string, SettingsSchema>>,
  vendors: readonly Vendor[],
): Record<string, string> {
  return {
    'attributes.md': page('Attributes', attributes()),
    'reason-ids.md': page(
      'Reason ids',
      table(
        ['Id', 'Meaning'],
        Object.entries(REASONS).map(([id, text]) => [code(id), text]),
      ),
    ),
    'metrics.md': page('Metrics', metrics()),
    'evidence.md': page('Evidence record', evidenceFieldTable()),
    'settings.md': page('Settings', settingsTables(settings)),
    'vendors.md': page('Vendors', vendorTable(vendors, settings)),
  };
}

function page(title: string, body: string): string {
  return `# ${title}\n\nMade by \`npm run generate\`; do not edit.\n\n${body.trim()}\n`;
}

function attributes(): string {
  const sources = SOURCE_IDS.map(
    (id) => `## Of ${id}, below \`P.attr.${id}\`\n\n${attributeTable(SOURCE_ATTRIBUTES[id])}`,
  );
  const flattened = table(
    ['Path', 'Type', 'Meaning', 'From, in order of precedence'],
    FLATTENED_ATTRIBUTES.map(({ path, type, meaning, from }) => [
      code(path),
      code(type),
      meaning,
      from.map(code).join(', '),
    ]),
  );
  return [
    'An attribute whose value is not known is absent: never null, never a default.',
    `## Of the principal, below \`P.attr\`\n\n${attributeTable(PRINCIPAL_ATTRIBUTES)}`,
    `## Flattened, below \`P.attr\`\n\n${flattened}`,
    ...sources,
    `## Of the resource, below \`R.attr\`\n\n${attributeTable(RESOURCE_ATTRIBUTES)}`,
  ].join('\n\n');
}

function attributeTable(definitions: readonly AttributeDefinition[]): string {
  return table(
    ['Path', 'Type', 'Meaning'],
    definitions.map(({ path, type, meaning }) => [code(path), code(type), meaning]),
  );
}

function metrics(): string {
  const intro =
    "Beside these every app exports OpenTelemetry's `http.server.request.duration` and `http.client.request.duration`; calls over gRPC and to Redis are spans only.\n\n" +
    'A histogram has the series `_bucket`, `_count` and `_sum` in Prometheus. Every label has a closed list of values; `reason` has the [reason ids](reason-ids.md).';
  const rows = Object.entries(METRICS).map(([name, { kind, unit, labels, meaning }]) => [
    code(name),
    code(prometheusName(name as MetricName)),
    kind,
    code(unit),
    Object.entries(labels).map(labelCell).join('; '),
    meaning,
  ]);
  return `${intro}\n\n${table(['Name', 'In Prometheus', 'Kind', 'Unit', 'Labels', 'Meaning'], rows)}`;
}

function labelCell([label, values]: [string, readonly string[]]): string {
  return label === 'reason' && values.length > 10 ? code(label) : `${code(label)}: ${values.join(', ')}`;
}

function settingsTables(settings: Readonly<Record<string, SettingsSchema>>): string {
  const intro =
    'The environment wins over the file that `IRIS_CONFIG_FILE` names. A value that cannot be used stops the start with one line.';
  const sections = Object.entries(settings).map(([app, schema]) => {
    const rows = Object.entries(schema).map(([key, { meaning, form, fallback, secret }]) => [
      code(key),
      code(environmentName(key)),
      meaning,
      form,
      secret ? 'secret' : fallback === undefined ? '' : code(JSON.stringify(fallback)),
    ]);
    return `## ${app}\n\n${table(['Key', 'Environment', 'Meaning', 'Accepted', 'Default'], rows)}`;
  });
  return [intro, ...sections].join('\n\n');
}

function vendorTable(vendors: readonly Vendor[], settings: Readonly<Record<string, SettingsSchema>>): string {
  const rows = vendors.map(({ id, title, provides, registry, egress, folder }) => {
    const secrets = Object.entries(settings[`enricher-${id}`] ?? {}).filter(([, { secret }]) => secret);
    return [
      code(id),
      `[${title}](../../${folder}/README.md)`,
      provides,
      registry.subject === 'login' ? 'login name' : 'stable node id',
      registry.enabled ? 'on' : 'off',
      egress.map(code).join(', '),
      secrets.map(([key]) => code(environmentName(key))).join(', '),
    ];
  });
  const head = ['Id', 'Vendor', 'Provides', 'Key of a lookup', 'By default', 'Hosts (egress)', 'Keys of the Secret'];
  return `The permissions that each vendor needs are in its README. A Secret holds the keys of one way to sign in.\n\n${table(head, rows)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}
