import { type DynamicModule, Module } from '@nestjs/common';
import { AnswerChain } from '../answer-chain.js';
import { EnrichController } from './enrich.controller.js';
import { EnricherHealth } from './enricher-health.js';
import { ProbesController } from './probes.controller.js';
import { WebhookReceiver } from './webhook-receiver.js';

/** What the controllers use; made by the start, which also ends it. */
export interface EnricherParts {
  readonly chain: AnswerChain;
  readonly health: EnricherHealth;
  readonly webhooks: WebhookReceiver;
}

@Module({})
export class EnricherModule {
  static with({ chain, health, webhooks }: EnricherParts): DynamicModule {
    return {
      module: EnricherModule,
      controllers: [EnrichController, ProbesController],
      providers: [
        { provide: AnswerChain, useValue: chain },
        { provide: EnricherHealth, useValue: health },
        { provide: WebhookReceiver, useValue: webhooks },
      ],
    };
  }
}
