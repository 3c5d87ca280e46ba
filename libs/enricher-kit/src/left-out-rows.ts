/** Most ids that are kept of a list, for the log. */
const MAX_IDS = 5;
/** An opaque id of a vendor. Anything else may be a login or a name and is not logged. */
const OPAQUE_ID = /^(?=.*\d)[A-Za-z0-9_-]{4,64}$/;

/** The rows of one list that a read did not understand. */
export interface LeftOutList {
  rows: number;
  /** The vendor's own ids of the first of them; without personal data. */
  readonly ids: string[];
}

/** Counts the rows that a read leaves out because their shape is not understood. */
export class LeftOutRows {
  private readonly byList = new Map<string, LeftOutList>();

  /** By the name of the list. */
  get lists(): ReadonlyMap<string, LeftOutList> {
    return this.byList;
  }

  get total(): number {
    return [...this.byList.values()].reduce((sum, { rows }) => sum + rows, 0);
  }

  /**
   * @param list the name of the vendor's list
   * @param id the vendor's own id of the row, where it can be read
   */
  add(list: string, id?: unknown): void {
    const entry = this.byList.get(list) ?? { rows: 0, ids: [] };
    entry.rows += 1;
    if (typeof id === 'string' && OPAQUE_ID.test(id) && entry.ids.length < MAX_IDS) entry.ids.push(id);
    this.byList.set(list, entry);
  }
}
