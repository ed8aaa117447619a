// How many tests a runner ran, from the text of the report it wrote.

/** A runner that died before it reported counts as one failed test, never as none. */
const crashed = { passed: 0, failed: 1, skipped: 0 };

/** Vitest's JSON report. A file that could not even be loaded is one failed test. */
export function vitestCounts(text) {
  if (text === undefined) return crashed;
  const report = JSON.parse(text);
  const unloadable = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloadable.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** The totals of a JUnit report. */
export function junitCounts(text) {
  const suite = /<testsuite\s[^>]*>/.exec(text ?? '')?.[0];
  if (suite === undefined) return crashed;
  const number = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = number('failures') + number('errors');
  const skipped = number('skipped');
  return { passed: number('tests') - failed - skipped, failed, skipped };
}
