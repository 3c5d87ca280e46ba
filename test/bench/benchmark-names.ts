/** The benchmarks whose results the pages show: those of `npm run bench -- all`, in the order of the run. */
export const PAGE_BENCHMARKS = [
  'floor',
  'peers',
  'history',
  'shadow',
  'start-up',
  'scale',
  'worst-case',
  'bodies-in-flight',
  'context-scale',
] as const;

/** Benchmarks that run only by their names. */
export const FURTHER_BENCHMARKS = [
  'body-cost',
  'command-effects',
  'effects',
  'fan-out',
  'masking-cost',
  'mcp',
  'pdp-proxy',
  'profile',
  'replay',
] as const;

export const BENCHMARK_NAMES: readonly string[] = [...PAGE_BENCHMARKS, ...FURTHER_BENCHMARKS];
export type BenchmarkName = (typeof PAGE_BENCHMARKS)[number] | (typeof FURTHER_BENCHMARKS)[number];
