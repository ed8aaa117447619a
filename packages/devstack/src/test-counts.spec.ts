import { expect, it } from 'vitest';
import { junitCounts, vitestCounts } from '../bootstrap/test-counts.mjs';

const crashed = { passed: 0, failed: 1, skipped: 0 };

it('adds test files that could not be loaded to the failed tests', () => {
  const report = {
    numPassedTests: 7,
    numFailedTests: 1,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [
      { status: 'failed', assertionResults: [{ status: 'failed' }] },
      { status: 'failed', assertionResults: [] },
      { status: 'passed', assertionResults: [{ status: 'passed' }] },
    ],
  };
  expect(vitestCounts(JSON.stringify(report))).toEqual({ passed: 7, failed: 2, skipped: 0 });
});

it('reads the totals of a JUnit report', () => {
  const report =
    '<?xml version="1.0"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="20" time="1.5"></testsuite></testsuites>';
  expect(junitCounts(report)).toEqual({ passed: 14, failed: 3, skipped: 3 });
});

it('takes a missing report for a failure', () => {
  expect(vitestCounts(undefined)).toEqual(crashed);
  expect(junitCounts(undefined)).toEqual(crashed);
  expect(junitCounts('<testsuites />')).toEqual(crashed);
});
