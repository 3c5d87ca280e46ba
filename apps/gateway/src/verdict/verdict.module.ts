import { type DynamicModule, Module } from '@nestjs/common';
import { type VerdictOptions, VerdictService } from './verdict.service.js';

@Module({})
export class VerdictModule {
  static register(options: VerdictOptions): DynamicModule {
    return {
      module: VerdictModule,
      global: true,
      providers: [{ provide: VerdictService, useFactory: () => new VerdictService(options) }],
      exports: [VerdictService],
    };
  }
}
