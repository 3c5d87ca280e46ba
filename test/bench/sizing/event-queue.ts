interface Timed<T> {
  readonly time: number;
  readonly order: number;
  readonly item: T;
}

/** Items by their time, and by the order of their addition at the same time: a binary heap. */
export class EventQueue<T> {
  readonly #heap: Timed<T>[] = [];
  #added = 0;

  add(time: number, item: T): void {
    const heap = this.#heap;
    const entry = { time, order: this.#added, item };
    this.#added += 1;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Timed<T>;
      if (!isBefore(entry, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  /** Removes the earliest. */
  next(): Timed<T> | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const least = right < heap.length && isBefore(heap[right] as Timed<T>, heap[left] as Timed<T>) ? right : left;
      if (!isBefore(heap[least] as Timed<T>, last)) break;
      heap[at] = heap[least] as Timed<T>;
      at = least;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(one: Timed<unknown>, other: Timed<unknown>): boolean {
  return one.time < other.time || (one.time === other.time && one.order < other.order);
}
