import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { BENCHMARK_NAMES } from '../benchmark-names.js';
import { measured, type Table } from '../table.js';
import { renderPage } from './pages.js';
import { type BenchRun, RunFileError } from './run-file.js';

const run = (tables: Record<string, Partial<Table>>, load = 0): BenchRun => ({
  schema: 'iris.bench.v1',
  startedAt: '2026-11-01T00:00:00.000Z',
  commit: { id: '0123456789abcdef', hasChanges: true },
  machine: { cpu: 'a CPU', cores: 2, memoryMegabytes: 8192, kernel: 'Linux 6' },
  versions: { node: 'v24.0.0', iris: '1', pdp: '0.55.0', redis: '8.0.0' },
  benchmarks: Object.fromEntries(
    Object.entries(tables).map(([name, table]) => [
      name,
      { seconds: 30, load, table: { title: 'T', columns: ['a', 'b'], rows: [['c', 1]], ...table } as never },
    ]),
  ),
});

describe('a page of results', () => {
  it('gets the table and the notes of its benchmark, and keeps its prose', () => {
    const page = '# Title\n\nProse.\n\n<!-- floor -->\nold\n<!-- /floor -->\n\nMore prose.\n';
    const text = renderPage(page, run({ floor: { notes: ['A note.'] } }));
    expect(text).toBe(
      '# Title\n\nProse.\n\n<!-- floor -->\n\n| a | b |\n| --- | --- |\n| c | 1 |\n\n- A note.\n\n<!-- /floor -->\n\nMore prose.\n',
    );
    expect(renderPage(text, run({ floor: { notes: ['A note.'] } }))).toBe(text);
  });

  it('is refused when the run lacks a benchmark, rather than keeping figures of another run', () => {
    const page = '<!-- floor --><!-- /floor --><!-- peers --><!-- /peers -->';
    expect(() => renderPage(page, run({ floor: {} }))).toThrow(RunFileError);
    expect(() => renderPage(page, run({ floor: {} }))).toThrow('peers');
  });

  it('names machine, versions and commit, and changes that are not committed', () => {
    const text = renderPage('<!-- run --><!-- /run -->', run({ floor: {} }));
    for (const part of ['0123456789ab', 'not committed', 'a CPU', '2 cores', '8 GB', 'v24.0.0', '0.55.0', '8.0.0']) {
      expect(text).toContain(part);
    }
  });

  it('lists each goal with what was measured, and each weak figure', () => {
    const goals = [
      { what: 'far', measured: 1, atMost: 2 },
      { what: 'near', measured: 1.95, atMost: 2 },
      { what: 'over', measured: 2.5, atMost: 2 },
      { what: 'under', measured: 3, atLeast: 4 },
    ];
    const measures = [measured('sure', 'x', [1, 1, 1, 1, 1]), measured('unsure', 'x', [1, 3, 1, 3, 2, 1, 3])];
    const text = renderPage(
      '<!-- goals --><!-- /goals -->\n<!-- weak --><!-- /weak -->',
      run({ floor: { goals, measures } }, 5),
    );
    expect(text).toContain('| far | at most 2 | 1 | met | floor |');
    expect(text).toContain('| near | at most 2 | 1.95 | met, close | floor |');
    expect(text).toContain('| over | at most 2 | 2.5 | **missed** | floor |');
    expect(text).toContain('- Missed, floor: under: 3, goal at least 4.');
    expect(text).toContain('- Uncertain, floor: unsure');
    expect(text).not.toContain('Uncertain, floor: sure');
    expect(text).toContain('- Busy machine, floor: load average 5 on 2 cores');
  });
});

describe.each(['docs/performance.md', 'docs/capacity.md'])('%s', (path) => {
  it('has markers only of benchmarks and of known parts', async () => {
    const page = await readFile(path, 'utf8');
    const names = [...page.matchAll(/<!-- ([\w-]+) -->/g)].map(([, name = '']) => name);
    const known = [...BENCHMARK_NAMES, 'run', 'goals', 'weak', 'sizing'];
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
    for (const name of names) expect(page).toContain(`<!-- /${name} -->`);
  });
});
