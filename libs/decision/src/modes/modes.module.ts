import type { Catalog } from '@iris/tool-catalog';
import { type DynamicModule, Module } from '@nestjs/common';
import { CATALOG, MODE_OVERRIDE } from '../shared/tokens.js';
import { type ModeOverride, type ModeRules, Modes } from './modes.js';

@Module({})
export class ModesModule {
  static register(rules: ModeRules): DynamicModule {
    return {
      module: ModesModule,
      global: true,
      providers: [
        {
          provide: Modes,
          inject: [CATALOG, MODE_OVERRIDE],
          useFactory: (catalog: Catalog, override: () => ModeOverride | undefined) =>
            new Modes(rules, catalog, override),
        },
      ],
      exports: [Modes],
    };
  }
}
