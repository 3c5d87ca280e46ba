import { isJsonObject, type Json } from '@iris/contracts';
import { VendorError } from '../vendor-error.js';

/** Members by which vendors report an error inside an answer with a success status. */
const ERROR_MEMBERS = ['error', 'errors', 'errorCode', 'errorSummary', 'fault', 'faultstring'] as const;

/**
 * Refuses an answer that reports an error, also beside a result: the result is then a part of the whole.
 *
 * @param who names the vendor in the message
 * @throws VendorError `bad_response`
 */
export function refuseReportedError(json: Json, who: string): void {
  if (!isJsonObject(json)) return;
  const member = ERROR_MEMBERS.find((name) => Object.hasOwn(json, name) && !isEmpty(json[name]));
  if (member !== undefined) throw new VendorError('bad_response', `${who} reports an error in its answer (${member})`);
}

function isEmpty(value: Json | undefined): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}
