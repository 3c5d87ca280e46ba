/** Why a name may be a look-alike of another, or a call be read in two ways. */
export type Anomaly =
  | 'empty'
  | 'whitespace'
  | 'non_ascii'
  | 'compatibility_form'
  | 'case_variant'
  | 'ambiguous_parameter';

/** Marks of a look-alike in a name or server. Nothing is folded: the name stays as it was called. */
export function nameAnomalies(name: string, server = ''): Anomaly[] {
  const text = name + server;
  const anomalies: Anomaly[] = [];
  if (name === '') anomalies.push('empty');
  if (/\s/.test(text)) anomalies.push('whitespace');
  if (/[^\s!-~]/.test(text)) anomalies.push('non_ascii');
  if (text.normalize('NFKC') !== text) anomalies.push('compatibility_form');
  return anomalies;
}
