/**
 * Whether a value is empty: absent, null, a blank text, or a list or object of such values. The cost is linear in
 * the value, and the recursion is bounded by the depth limit of the body.
 */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === 'string') return value.trim() === '';
  if (typeof value !== 'object') return false;
  for (const member of Array.isArray(value) ? value : Object.values(value)) if (!isEmpty(member)) return false;
  return true;
}
