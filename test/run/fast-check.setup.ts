import fc from 'fast-check';

/**
 * Property tests draw the same cases in each run, so that a change that has nothing to do with them cannot fail on
 * them. `FUZZ_SEED=random` draws others, `FUZZ_SEED=<number>` repeats a failure, `FUZZ_RUNS` sets how many cases are
 * drawn where a test does not say.
 */
const { FUZZ_SEED = '20260101', FUZZ_RUNS } = process.env;

fc.configureGlobal({
  ...(FUZZ_SEED === 'random' ? {} : { seed: Number(FUZZ_SEED) }),
  ...(FUZZ_RUNS === undefined ? {} : { numRuns: Number(FUZZ_RUNS) }),
});
