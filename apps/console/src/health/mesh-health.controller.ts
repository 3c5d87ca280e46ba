import { Controller, Inject } from '@nestjs/common';
import { type AnswerOf, Endpoint } from '../http/endpoint.decorator.js';
import { MeshHealth } from './mesh-health.js';

/** The health of the mesh, for people. */
@Controller()
export class MeshHealthController {
  constructor(@Inject(MeshHealth) private readonly health: MeshHealth) {}

  @Endpoint('readHealth')
  read(): Promise<AnswerOf<'readHealth'>> {
    return this.health.read();
  }
}
