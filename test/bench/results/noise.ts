import { median } from '../table.js';

/** Fewer blocks do not show how much a figure varies. */
export const MIN_BLOCKS = 5;

/** Standard deviation of a normal distribution by its median absolute deviation. */
const DEVIATION_OF_MAD = 1.4826;
/** Standard error of a median against that of a mean, for a normal distribution: sqrt(pi / 2). */
const ERROR_OF_MEDIAN = 1.2533;
/** Neighbours that resemble each other more than this are a drift, which no number of blocks averages out. */
const MAX_CORRELATION = 0.9;

/**
 * Standard error of the median of a run's blocks, in their unit: 1.2533 * 1.4826 * MAD / sqrt(n'), where MAD is the
 * median absolute deviation, which single outliers do not move, and n' = n * (1 - r) / (1 + r) counts neighbouring
 * blocks that correlate by r only once.
 *
 * @returns undefined for too few blocks
 */
export function errorOfMedian(blocks: readonly number[]): number | undefined {
  if (blocks.length < MIN_BLOCKS) return undefined;
  const middle = median(blocks);
  const deviation = DEVIATION_OF_MAD * median(blocks.map((figure) => Math.abs(figure - middle)));
  const correlation = Math.min(MAX_CORRELATION, Math.max(0, neighbourCorrelation(blocks)));
  const independent = (blocks.length * (1 - correlation)) / (1 + correlation);
  return (ERROR_OF_MEDIAN * deviation) / Math.sqrt(independent);
}

/** Correlation of each block with the next, -1 to 1; 0 when nothing varies. */
export function neighbourCorrelation(blocks: readonly number[]): number {
  const mean = blocks.reduce((sum, figure) => sum + figure, 0) / blocks.length;
  const off = blocks.map((figure) => figure - mean);
  const variance = off.reduce((sum, figure) => sum + figure * figure, 0);
  if (variance === 0) return 0;
  return off.slice(1).reduce((sum, figure, index) => sum + figure * (off[index] ?? 0), 0) / variance;
}
