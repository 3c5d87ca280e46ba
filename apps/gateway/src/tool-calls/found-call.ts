import type { CallAnomaly, Json, ToolParams } from '@iris/contracts';
import type { JsonPath } from '@iris/json-document';

/** A call as a format finds it in the history. */
export interface FoundCall extends ToolParams {
  readonly name: string;
  readonly server?: string;
  readonly rawArguments: Json | undefined;
  readonly caller?: 'direct' | 'programmatic';
  readonly serverSide?: boolean;
  /** Without a result in the request, the call may run with this request although it is not marked as the server's. */
  readonly mayRunUnanswered?: boolean;
  readonly anomalies?: readonly CallAnomaly[];
}

/** A result as a format finds it in the history. */
export interface FoundResult {
  readonly path: JsonPath;
  readonly inNewestTurn: boolean;
  /** The name that the result itself states. It is compared with the call's, and proves nothing alone. */
  readonly name?: string;
  readonly server?: string;
  readonly serverSide?: boolean;
}
