import { METRICS, type MetricName, prometheusSeries } from '@iris/telemetry';

const series = new Map((Object.keys(METRICS) as MetricName[]).flatMap((name) => [...prometheusSeries(name)]));

/**
 * What an expression, or a text with expressions in it, asks for that no app exports: series, labels, values of labels
 * and bounds of buckets, as `series`, `series{label}` or `series{label=value}`.
 */
export function problemsOfExpression(text: string): string[] {
  const problems: string[] = [];
  for (const [, name = '', matchers = ''] of text.matchAll(/\b(iris_\w+)(?:\{([^}]*)\})?/g)) {
    const labels = series.get(name);
    if (labels === undefined) {
      problems.push(name);
      continue;
    }
    for (const [, label = '', operator = '', value = ''] of matchers.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)) {
      // Put on by whoever scrapes, or filled in by a dashboard.
      if (label === 'namespace' || label === 'pod' || value.startsWith('$')) continue;
      const known = labels[label];
      if (known === undefined) problems.push(`${name}{${label}}`);
      else problems.push(...unknownValues(label, operator, value, known).map((each) => `${name}{${label}=${each}}`));
    }
  }
  return problems;
}

function unknownValues(label: string, operator: string, value: string, known: readonly string[]): string[] {
  // Prometheus 3 writes whole bounds with a decimal.
  const values = label === 'le' ? [...known, ...known.map((bound) => `${bound}.0`)] : known;
  const asked = operator.endsWith('~') ? value.split('|') : [value];
  return asked.filter((each) => {
    const pattern = new RegExp(`^(?:${operator.endsWith('~') ? each : each.replaceAll('.', '\\.')})$`);
    return !values.some((one) => pattern.test(one));
  });
}
