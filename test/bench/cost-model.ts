/** Cost of a hook in ms: `each + call * calls + kilobyte * kilobytes`. */
export interface CostModel {
  readonly each: number;
  readonly call: number;
  readonly kilobyte: number;
}

interface Point {
  readonly calls: number;
  readonly kilobytes: number;
  readonly cost: number;
}

/**
 * The costs that fit best, by relative error, so that large hooks do not drown small ones: weighted least squares.
 *
 * @throws RangeError when the points do not tell calls and size apart
 */
export function fitCost(points: readonly Point[]): CostModel {
  const rows = points.map(({ calls, kilobytes, cost }) => [1 / cost, calls / cost, kilobytes / cost]);
  const at = (list: readonly number[], index: number) => list[index] ?? 0;
  const matrix = [0, 1, 2].map((i) => [
    ...[0, 1, 2].map((j) => rows.reduce((sum, row) => sum + at(row, i) * at(row, j), 0)),
    rows.reduce((sum, row) => sum + at(row, i), 0),
  ]);
  for (let pivot = 0; pivot < 3; pivot += 1) {
    const line = matrix[pivot] ?? [];
    const head = at(line, pivot);
    if (Math.abs(head) < 1e-12) throw new RangeError('calls and size must differ from point to point');
    for (let other = 0; other < 3; other += 1) {
      if (other === pivot) continue;
      const factor = at(matrix[other] ?? [], pivot) / head;
      matrix[other] = (matrix[other] ?? []).map((value, column) => value - factor * at(line, column));
    }
  }
  const solved = (index: number) => at(matrix[index] ?? [], 3) / at(matrix[index] ?? [], index);
  return { each: solved(0), call: solved(1), kilobyte: solved(2) };
}
