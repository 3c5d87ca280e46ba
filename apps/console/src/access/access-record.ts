import type { EndpointId } from '@iris/console-api';
import type { PostgresDecisionLog } from '@iris/decision-log';
import type { Logger } from '@iris/telemetry';
import { ApiProblem } from '../http/api-problem.js';
import type { Viewer } from './viewer.js';

/** Where looks at data are kept: the decision log. */
export type AccessLog = Pick<PostgresDecisionLog, 'recordAccess' | 'accesses'>;

/** Records who looked at whom before the data is answered: what cannot be recorded is not answered. */
export class AccessRecorder {
  constructor(
    private readonly log: AccessLog,
    private readonly logger: Logger,
  ) {}

  /** @throws ApiProblem when the look cannot be recorded */
  async note(
    viewer: Viewer,
    action: EndpointId,
    of: { readonly subject?: string; readonly record?: string },
  ): Promise<void> {
    const { login: actor, role } = viewer;
    try {
      await this.log.recordAccess({ time: new Date(), actor, role, action, ...of });
    } catch (error) {
      this.logger.error({ err: error, actor, action }, 'an access could not be recorded');
      throw new ApiProblem(
        'access_not_recorded',
        'The access could not be recorded, so nothing is answered; try again.',
      );
    }
    this.logger.info({ actor, role, action, record: of.record }, 'data of a person was looked at');
  }
}
