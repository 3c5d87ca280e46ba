import { runEnricher } from '@iris/enricher-kit';
import { definition } from './definition.js';

await runEnricher(definition);
