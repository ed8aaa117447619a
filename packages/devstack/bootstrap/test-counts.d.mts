export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
}

/** @param text the report; undefined when the runner wrote none. */
export declare function vitestCounts(text: string | undefined): TestCounts;
export declare function junitCounts(text: string | undefined): TestCounts;
