import { CallJudge, EvidenceService, LOGGER, Modes, ShadowPolicy } from '@iris/decision';
import type { Logger } from '@iris/telemetry';
import { Global, Module } from '@nestjs/common';
import { HookAnswers } from '../protocol/hook-answers.js';
import { HookReader } from '../protocol/hook-reader.js';
import { VerdictService } from '../verdict/index.js';
import { HookPipeline } from './hook-pipeline.js';
import { VerdictRecorder } from './verdict-recorder.js';
import { WiringReport } from './wiring-report.js';
import { WiringWarnings } from './wiring-warnings.js';

@Global()
@Module({
  providers: [
    { provide: WiringWarnings, inject: [LOGGER], useFactory: (logger: Logger) => new WiringWarnings(logger) },
    {
      provide: WiringReport,
      inject: [WiringWarnings, EvidenceService, LOGGER],
      useFactory: (warnings: WiringWarnings, evidence: EvidenceService, logger: Logger) =>
        new WiringReport(warnings, evidence, logger),
    },
    {
      provide: VerdictRecorder,
      inject: [EvidenceService, ShadowPolicy, LOGGER],
      useFactory: (evidence: EvidenceService, shadow: ShadowPolicy | undefined, logger: Logger) =>
        new VerdictRecorder(evidence, shadow, logger),
    },
    {
      provide: HookAnswers,
      inject: [Modes, HookReader, CallJudge, VerdictService, VerdictRecorder, WiringReport, LOGGER],
      useFactory: (
        modes: Modes,
        reader: HookReader,
        judge: CallJudge,
        verdicts: VerdictService,
        recorder: VerdictRecorder,
        wiring: WiringReport,
        logger: Logger,
      ) => new HookPipeline(modes, reader, judge, verdicts, recorder, wiring, logger),
    },
  ],
  exports: [HookAnswers],
})
export class PipelineModule {}
