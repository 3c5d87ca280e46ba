import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChaosMesh, type ChaosMeshOptions, startChaosMesh } from './chaos-mesh.js';
import { type CellOutcome, type FaultCell, runCell } from './fault-cell.js';
import { type FaultRow, rowOf, writeRows } from './fault-table.js';

/** A cell with what is special to it. */
export interface AreaCell extends FaultCell {
  /** Waits until the mesh can be struck again. */
  readonly before?: (chaos: ChaosMesh) => Promise<void>;
  /** Further expectations; they may throw. */
  readonly judge?: (outcome: CellOutcome, chaos: ChaosMesh) => unknown;
  /** Absent when the cell can run anywhere. */
  readonly needsRoot?: boolean;
}

/** Faults of one part of the mesh. */
export interface FaultArea {
  readonly title: string;
  /** Text above the table of the area. */
  readonly note?: string;
  /** What the mesh of the area needs. */
  readonly mesh: ChaosMeshOptions;
  readonly cells: readonly AreaCell[];
}

const IS_ROOT = process.getuid?.() === 0;

/** What is beside the cells. */
export interface Beside {
  /** Text above the table. */
  readonly note?: string;
  /** Declares further tests, which run after the cells on their mesh. */
  readonly tests?: (chaos: () => ChaosMesh) => void;
}

/** One test for each cell, all of them on one mesh, in their order. */
export function describeCells(
  title: string,
  mesh: ChaosMeshOptions,
  cells: readonly AreaCell[],
  { note, tests }: Beside = {},
): void {
  describe(title, () => {
    let chaos: ChaosMesh;
    const rows: FaultRow[] = [];

    beforeAll(async () => {
      chaos = await startChaosMesh(mesh);
    });

    afterAll(async () => {
      writeRows(title, rows, note);
      await chaos?.close();
    });

    for (const cell of cells) {
      (cell.needsRoot && !IS_ROOT ? it.skip : it)(cell.name, async () => {
        await cell.before?.(chaos);
        const outcome = await runCell(chaos, cell);
        rows.push(rowOf(outcome, cell.vendor));
        expect(outcome.violations).toEqual([]);
        await cell.judge?.(outcome, chaos);
      });
    }
    tests?.(() => chaos);
  });
}

/** The whole of an area. */
export function describeArea({ title, mesh, cells, note }: FaultArea): void {
  describeCells(title, mesh, cells, { note });
}

/** The cells of an area with these names. @throws Error when the area has no such cell */
export function cellsOf(area: FaultArea, ...names: readonly string[]): AreaCell[] {
  return names.map((name) => {
    const cell = area.cells.find((one) => one.name === name);
    if (cell === undefined) throw new Error(`${area.title} has no cell "${name}"`);
    return { ...cell, name: `${area.title}: ${name}` };
  });
}
