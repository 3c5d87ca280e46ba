import { DatabaseError } from 'pg';
import { DecisionLogError, RecordsRefusedError } from './decision-log.js';

/** SQLSTATE of a partition that is not there. */
const NO_PARTITION = '23514';

/** Whether the records themselves are what the database does not take: class 22 data, 23 constraint, 54 limit. */
function isOfRecords(error: unknown): boolean {
  return error instanceof DatabaseError && /^(?:22|23|54)/.test(error.code ?? '') && error.code !== NO_PARTITION;
}

export function isMissingPartition(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === NO_PARTITION;
}

/** The error to be thrown, in words that quote neither records nor credentials. */
export function logError(error: unknown): Error {
  if (error instanceof DecisionLogError || error instanceof RangeError) return error;
  if (isOfRecords(error)) {
    return new RecordsRefusedError(`the database refused a record (SQLSTATE ${(error as DatabaseError).code})`, {
      cause: error,
    });
  }
  return new DecisionLogError(textOf(error), { cause: error });
}

function textOf(error: unknown): string {
  const { code, message = '' } = error as { code?: string; message?: string };
  if (error instanceof DatabaseError) return textOfState(code ?? 'nothing');
  if (/timeout/i.test(message)) return 'the database of the decision log did not answer in time';
  if (/certificate|self.signed|SSL|TLS/i.test(`${code} ${message}`)) {
    return `no TLS connection to the database of the decision log: ${code ?? message}`;
  }
  if (/^previously executed migration|^corrupted migrations/.test(message)) {
    return 'the decision log is of a later release of Iris; update this one';
  }
  return `the database of the decision log cannot be reached: ${code ?? 'the connection ended'}`;
}

function textOfState(state: string): string {
  if (state === '57014') return 'the decision log did not answer in time; narrow the time or the filter';
  if (state === '42P01') return 'the decision log has no tables; run `iris decision-log migrate`';
  if (state === '42703') return 'the decision log is of an earlier release; run `iris decision-log migrate`';
  if (state === '42501') return 'the role of the decision log lacks a privilege (42501)';
  if (state === '3D000') return 'the database of the decision log does not exist';
  if (/^28/.test(state)) return `the database of the decision log refused the login (${state})`;
  return `the database of the decision log answered with SQLSTATE ${state}`;
}
