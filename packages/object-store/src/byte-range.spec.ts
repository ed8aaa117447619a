import { describe, expect, it } from 'vitest';
import { checkRange, rangeHeader, totalBytes } from './byte-range.js';

describe('byte range', () => {
  it('is written as a header', () => {
    expect(rangeHeader({ start: 0, end: 9 })).toBe('bytes=0-9');
    expect(rangeHeader({ start: 5 })).toBe('bytes=5-');
  });

  it.each([{ start: -1 }, { start: 1.5 }, { start: 2, end: 1 }, { start: Number.NaN }])(
    'refuses %j',
    (range) => {
      expect(() => checkRange(range)).toThrow(RangeError);
    },
  );

  it('tells the size of the whole object', () => {
    expect(totalBytes('bytes 0-9/16')).toBe(16);
    expect(() => totalBytes(undefined)).toThrow(/ignored/);
    expect(() => totalBytes('bytes 0-9/*')).toThrow(/ignored/);
  });
});
