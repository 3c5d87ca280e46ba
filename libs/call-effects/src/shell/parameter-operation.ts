import type { ParameterOperation, Word } from 'unbash';
import { UNKNOWN_PART } from '../target.js';

/** A value after an operation such as `%suffix` or `:0:4`; undefined when it is not known. */
export function alterText(
  value: string,
  operation: ParameterOperation,
  textOf: (word: Word) => string,
): string | undefined {
  const literal = (word: Word): string | undefined => {
    const text = textOf(word);
    return text.includes(UNKNOWN_PART) ? undefined : text;
  };
  switch (operation.type) {
    case 'Remove': {
      const part = literal(operation.operand);
      if (part === undefined) return undefined;
      const isStart = operation.operator.startsWith('#');
      if (isStart) return value.startsWith(part) ? value.slice(part.length) : value;
      return value.endsWith(part) ? value.slice(0, value.length - part.length) : value;
    }
    case 'Replace': {
      const [part, replacement] = [literal(operation.pattern), literal(operation.replacement)];
      if (!part || replacement === undefined) return undefined;
      if (operation.operator === '//') return value.replaceAll(part, () => replacement);
      return operation.operator === '/' ? value.replace(part, () => replacement) : undefined;
    }
    case 'Slice': {
      const offset = Number(literal(operation.offset)?.trim() ?? Number.NaN);
      const length = operation.length ? Number(literal(operation.length)?.trim() ?? Number.NaN) : value.length;
      if (!Number.isInteger(offset) || !Number.isInteger(length) || length < 0) return undefined;
      const start = offset < 0 ? Math.max(0, value.length + offset) : offset;
      return value.slice(start, start + length);
    }
    case 'CaseModification':
      if (operation.operand !== undefined) return undefined;
      if (operation.operator === ',,') return value.toLowerCase();
      return operation.operator === '^^' ? value.toUpperCase() : undefined;
    default:
      return undefined;
  }
}
