import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { loadCatalog, type ToolUse } from './catalog.js';
import { readToolName } from './tool-name.js';

interface NameCase extends ToolUse {
  readonly is: string;
  readonly on?: string;
  readonly tool: string;
  readonly anomalies?: readonly string[];
}

const file = parse(readFileSync('libs/tool-catalog/cases/names.yaml', 'utf8')) as {
  catalog: unknown;
  cases: NameCase[];
};
const catalog = loadCatalog({ text: stringify(file.catalog) });

describe('a name', () => {
  it.each(file.cases.map((one) => [JSON.stringify([one.name, one.server, one.params, one.phase]), one] as const))(
    '%s',
    (_, { name, server, params, phase, is, on, tool, anomalies = [] }) => {
      const { tool: read, classification } = catalog.classify({ name, server, params, phase });
      const { category, operation } = classification;
      expect([operation === undefined ? category : `${category}/${operation}`, read.server, read.operation]).toEqual([
        is,
        on,
        tool,
      ]);
      expect(read.anomalies).toEqual(anomalies);
    },
  );

  it('that is longer than any tool has is not taken apart', () => {
    const name = `mcp__github__get_${'x'.repeat(300)}`;
    expect(catalog.classify({ name })).toMatchObject({
      tool: { operation: name },
      classification: { category: 'uncategorised' },
    });
  });

  it('is split at no more places than the longest listed server allows', () => {
    expect(readToolName('a_'.repeat(122), undefined, 20).others.length).toBeLessThanOrEqual(20);
    expect(readToolName('_mcp_'.repeat(50), undefined, 20).others.length).toBeLessThanOrEqual(40);
  });
});
