import type { Role } from '@iris/console-api';
import { Controller, Inject } from '@nestjs/common';
import { type AnswerOf, Endpoint, Query, type QueryOf } from '../http/endpoint.decorator.js';
import { ACCESS_LOG } from '../tokens.js';
import type { AccessLog } from './access-record.js';

/** Who looked at whose data. */
@Controller()
export class AccessController {
  constructor(@Inject(ACCESS_LOG) private readonly log: AccessLog) {}

  @Endpoint('listAccess')
  async list(@Query() { person, limit }: QueryOf<'listAccess'>): Promise<AnswerOf<'listAccess'>> {
    const entries = await this.log.accesses({ subject: person, limit });
    return {
      entries: entries.map(({ time, role, ...entry }) => ({ ...entry, role: role as Role, time: time.toISOString() })),
    };
  }
}
