import type { EndpointId, Role } from '@iris/console-api';
import type { Logger } from '@iris/telemetry';
import { ApiProblem } from '../http/api-problem.js';
import type { Viewer } from './viewer.js';

/** One look at the data of a person. */
export interface AccessEntry {
  readonly time: Date;
  readonly actor: string;
  readonly role: Role;
  readonly action: string;
  /** Whose data was answered. */
  readonly subject?: string;
  /** Id of the record that was answered. */
  readonly record?: string;
}

/** Where looks at data are kept. */
export interface AccessLog {
  record(entry: AccessEntry): Promise<void>;
  /** The newest first. */
  list(filter: { readonly subject?: string; readonly limit: number }): Promise<readonly AccessEntry[]>;
}

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
      await this.log.record({ time: new Date(), actor, role, action, ...of });
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
