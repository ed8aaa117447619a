import { describe, expect, it } from 'vitest';
import { secondsToNextTry, standardWebhooksSchedule } from './webhook-schedule.js';

const fixed = { delaysSeconds: [10, 20], jitter: 0 };

describe('secondsToNextTry', () => {
  it('follows the Standard Webhooks schedule to its end', () => {
    const seconds = Array.from({ length: 10 }, (_, index) =>
      secondsToNextTry(standardWebhooksSchedule, index + 1, undefined, 0),
    );
    expect(seconds).toEqual([5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400, undefined]);
  });

  it('adds jitter by chance', () => {
    expect(secondsToNextTry({ delaysSeconds: [100], jitter: 0.1 }, 1, undefined, 0.5)).toBe(105);
    expect(secondsToNextTry({ delaysSeconds: [100], jitter: 0.1 }, 1, undefined, 1)).toBeCloseTo(110);
  });

  it.each([
    ['a longer wish is granted', 15, 15],
    ['a shorter one is not', 3, 10],
    ['a wish beyond a day is cut', 1e9, 86_400],
    ['a negative one is nothing', -5, 10],
  ])('%s', (_name, wish, seconds) => {
    expect(secondsToNextTry(fixed, 1, wish, 0.7)).toBe(seconds);
  });

  it('makes no further try because of a wish', () => {
    expect(secondsToNextTry(fixed, 3, 60, 0)).toBeUndefined();
  });
});
