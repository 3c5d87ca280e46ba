import type { Catalog } from '@iris/tool-catalog';
import { Global, Module } from '@nestjs/common';
import { CATALOG } from '../shared/tokens.js';
import { EffectsOfCalls } from './effects-of-calls.js';

@Global()
@Module({
  providers: [
    { provide: EffectsOfCalls, inject: [CATALOG], useFactory: (catalog: Catalog) => new EffectsOfCalls(catalog) },
  ],
  exports: [EffectsOfCalls],
})
export class EffectsModule {}
