import { relative } from 'node:path';

const SHOWN = 15;

/** Prints one line for each spec that ends, what failed in it, and the slowest specs at the end. */
export default class ProgressReporter {
  #ended = 0;
  #total = 0;
  #startedAt = Date.now();
  #times = [];

  constructor({ rootDir }) {
    this.rootDir = rootDir;
  }

  onRunStart({ numTotalTestSuites }) {
    this.#total = numTotalTestSuites;
  }

  onTestResult({ path }, result) {
    this.#ended += 1;
    const name = relative(this.rootDir, path);
    const seconds = (result.perfStats.end - result.perfStats.start) / 1000;
    this.#times.push({ name, seconds });
    const isFailed = result.numFailingTests > 0 || result.testExecError != null;
    const sinceStart = clock((Date.now() - this.#startedAt) / 1000);
    const counts = `${result.numPassingTests} passed${result.numPendingTests > 0 ? `, ${result.numPendingTests} skipped` : ''}`;
    const state = isFailed ? `FAILED (${result.numFailingTests})` : counts;
    print(`${sinceStart} [${this.#ended}/${this.#total}] ${name}: ${state}, ${seconds.toFixed(1)} s`);
    if (isFailed) print(result.failureMessage ?? String(result.testExecError?.message));
    const leftOver = result.openHandles ?? [];
    if (leftOver.length > 0) print(`${name} left ${leftOver.length} handles open`);
  }

  onRunComplete(_contexts, { numPassedTests, numFailedTests, numPendingTests, testResults }) {
    const slowest = this.#times.sort((a, b) => b.seconds - a.seconds).slice(0, SHOWN);
    if (slowest.length > 1) {
      print('\nThe slowest specs:');
      for (const { name, seconds } of slowest) print(`${seconds.toFixed(1).padStart(7)} s  ${name}`);
    }
    const failed = testResults.filter(
      ({ numFailingTests, testExecError }) => numFailingTests > 0 || testExecError != null,
    );
    if (failed.length > 0) print('\nFailed specs:');
    for (const { testFilePath, testResults: tests } of failed) {
      print(`  ${relative(this.rootDir, testFilePath)}`);
      for (const { status, fullName } of tests) if (status === 'failed') print(`    ${fullName}`);
    }
    print(
      `\n${numPassedTests} tests passed, ${numFailedTests} failed, ${numPendingTests} skipped ` +
        `in ${this.#ended} specs and ${clock((Date.now() - this.#startedAt) / 1000)}`,
    );
  }
}

function clock(seconds) {
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
