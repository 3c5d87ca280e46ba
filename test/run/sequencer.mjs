import { statSync } from 'node:fs';
import TestSequencer from '@jest/test-sequencer';

/** Folders whose specs start many processes or wait for real failures, the longest first. */
const LONG = [
  'test/chaos/',
  'test/observability/',
  'test/e2e/',
  'test/cli/',
  'test/security/',
  'test/fuzz/',
  'test/deploy/',
];

/** Starts the long specs first, so that no worker ends with one while the others are idle. */
export default class LongestFirst extends TestSequencer {
  sort(tests) {
    const rank = ({ path }) =>
      (LONG.findIndex((folder) => path.includes(folder)) + LONG.length + 1) % (LONG.length + 1);
    const size = ({ path }) => statSync(path).size;
    return [...tests].sort((a, b) => rank(a) - rank(b) || (b.duration ?? 0) - (a.duration ?? 0) || size(b) - size(a));
  }
}
