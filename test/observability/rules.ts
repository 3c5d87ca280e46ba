import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

export const ALERTS_FILE = join(import.meta.dirname, '../../deploy/helm/iris/files/alerts.yaml');

/** A rule of Prometheus: it records, or it alerts. */
export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly interval?: string; readonly rules: readonly Rule[] }[];
}

const file = parse(readFileSync(ALERTS_FILE, 'utf8')) as RuleFile;

/** Every rule that the chart ships. */
export const rules: readonly Rule[] = file.groups.flatMap((group) => group.rules);

/** The rules that alert. */
export const alertRules: readonly (Rule & { readonly alert: string })[] = rules.flatMap((rule) =>
  rule.alert === undefined ? [] : [{ ...rule, alert: rule.alert }],
);

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/**
 * The rules for a test that cannot wait: a range or an offset of the file becomes the test's short or long window, `for`
 * becomes nothing, and thresholds are as they are. Names of recording rules, which hold a range, stay.
 *
 * @param windows spans in s; what is 30 min or more in the file becomes the long one
 * @param thresholds numbers of the file that no test can reach, by the alert and the text of the number
 */
export function hurriedRules(
  windows: { readonly short: number; readonly long: number },
  thresholds: Readonly<Record<string, readonly [string, string]>>,
): string {
  const window = (text: string) => {
    const seconds = Number(text.slice(0, -1)) * (UNITS[text.slice(-1)] ?? 1);
    return `${seconds >= 1800 ? windows.long : windows.short}s`;
  };
  const hurry = ({ for: _waits, expr, ...rule }: Rule): Rule => {
    const [from, to] = thresholds[rule.alert ?? ''] ?? ['', ''];
    if (!expr.includes(from)) throw new Error(`${rule.alert} has no threshold ${from}`);
    return {
      ...rule,
      expr: expr
        .replaceAll(from, to)
        .replaceAll(/\[(\d+[smhdw])\]/g, (_all, range: string) => `[${window(range)}]`)
        .replaceAll(/offset (\d+[smhdw])/g, (_all, range: string) => `offset ${window(range)}`),
    };
  };
  return stringify({
    groups: file.groups.map((group) => ({ ...group, interval: '1s', rules: group.rules.map(hurry) })),
  });
}
