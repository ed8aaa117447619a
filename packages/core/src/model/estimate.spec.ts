import { describe, expect, it } from 'vitest';
import { presentable, remainingSeconds, runSeconds, waitSeconds, type PastRun } from './estimate.js';
import type { Task } from './task.js';
import type { Work } from './work.js';

const runs = (...seconds: number[]): PastRun[] => seconds.map((value) => ({ seconds: value, work: {} }));
const run = { low: 8, typical: 10, high: 20 };
const aRunning = { progress: 0, attempt: 1, step: 0, steps: 0, chunk: 0, chunks: 0 };

describe('runSeconds', () => {
  it('takes the median and the outer tenths of plain durations', () => {
    expect(runSeconds(runs(...Array.from({ length: 11 }, (_, index) => index)), {})).toEqual({
      low: 1,
      typical: 5,
      high: 9,
    });
    expect(runSeconds([], {})).toBeUndefined();
  });

  it.each<[string, Work, number]>([
    ['everything', { megapixels: 2, frames: 100, steps: 4 }, 20],
    ['frames and steps', { frames: 50, steps: 4 }, 5],
    ['steps of another number', { megapixels: 1, frames: 100, steps: 8 }, 20],
    ['frames', { frames: 200 }, 20],
    ['nothing', {}, 10],
  ])('compares by %s', (_name, work, expected) => {
    const past = runs(10, 10, 10).map((each) => ({
      ...each,
      work: { megapixels: 1, frames: 100, steps: 4 },
    }));
    expect(runSeconds(past, work)?.typical).toBeCloseTo(expected);
  });

  it('prefers all durations to the rate of a few runs that can be compared', () => {
    const past = [{ seconds: 1, work: { frames: 100 } }, ...runs(10, 10, 10)];
    expect(runSeconds(past, { frames: 100 })?.typical).toBe(10);
    expect(runSeconds(past.slice(0, 1), { frames: 200 })?.typical).toBe(2);
  });

  it('never is NaN, whatever stands in the rows', () => {
    const odd = [NaN, Infinity, -5, 0].map((seconds) => ({ seconds, work: { frames: 0, steps: NaN } }));
    expect(runSeconds(odd, { frames: Infinity, steps: 0 })).toEqual({ low: 0, typical: 0, high: 0 });
    expect(runSeconds(odd.slice(0, 3), {})).toBeUndefined();
  });
});

describe('waitSeconds', () => {
  const typical = (ahead: number, running: number, slots: number) =>
    waitSeconds(run, { ahead, running, slots }).typical;

  it('is nothing while a slot is free', () => {
    expect([typical(0, 0, 1), typical(1, 2, 4)]).toEqual([0, 0]);
  });

  it('grows with the line, shrinks with the slots, and is never negative', () => {
    for (const slots of [1, 2, 5, 0, -3])
      for (let ahead = 0; ahead < 30; ahead += 1) {
        expect(typical(ahead, 7, slots)).toBeGreaterThanOrEqual(0);
        expect(typical(ahead + 1, 7, slots)).toBeGreaterThanOrEqual(typical(ahead, 7, slots));
        expect(typical(ahead, 7, slots + 1)).toBeLessThanOrEqual(typical(ahead, 7, slots));
      }
  });

  it('is half a run for the first in the line of a busy slot', () => {
    expect(typical(0, 1, 1)).toBe(5);
    expect(typical(2, 1, 1)).toBe(25);
  });
});

describe('remainingSeconds', () => {
  const left = (progress: number, elapsed: number, over = {}) =>
    remainingSeconds({ ...aRunning, progress, ...over }, run, elapsed)?.typical;

  it('is what past runs say at the beginning and what its own pace says at the end', () => {
    expect(left(0, 0)).toBe(10);
    expect(left(0.5, 5)).toBeCloseTo(5);
    expect(left(0.99, 990)).toBeCloseTo(9.9, 0);
  });

  it('falls with progress and grows with the time spent', () => {
    for (const elapsed of [0, 1, 10, 1000])
      for (let progress = 0; progress < 1; progress += 0.05) {
        expect(left(progress + 0.05, elapsed)).toBeLessThanOrEqual(left(progress, elapsed)!);
        expect(left(progress, elapsed + 1)).toBeGreaterThanOrEqual(left(progress, elapsed)!);
      }
  });

  it('goes by its own pace without past runs, once there is one', () => {
    const alone = (progress: number, elapsed: number, attempt = 1) =>
      remainingSeconds({ ...aRunning, progress, attempt }, undefined, elapsed)?.typical;
    expect(alone(0.25, 10)).toBe(30);
    expect([alone(0, 10), alone(0.25, 0), alone(0.25, -5), alone(0.5, 10, 2)]).toEqual(
      Array.from({ length: 4 }, () => undefined),
    );
  });

  it('has no pace of its own before the first step', () => {
    const alone = (stage: Task['stage']) =>
      remainingSeconds({ ...aRunning, progress: 0.02, ...(stage && { stage }) }, undefined, 60)?.typical;
    expect([alone('fetching'), alone('loading')]).toEqual([undefined, undefined]);
    expect(alone('generating')).toBeCloseTo(2940);
  });

  it('judges a repeated attempt by its own steps or chunks', () => {
    expect(left(0.9, 500, { attempt: 2 })).toBe(10);
    expect(left(0.9, 500, { attempt: 2, step: 3, steps: 4 })).toBeCloseTo(2.5);
    expect(left(0.9, 500, { attempt: 2, step: 3, steps: 4, chunk: 2, chunks: 4 })).toBeCloseTo(7.5);
  });

  it.each([NaN, Infinity, -1, 2])('is a number for progress and time %s', (odd) => {
    for (const value of [left(odd, 5), left(0.5, -odd), left(odd, 5, { attempt: 2, step: odd, steps: 0 })])
      expect(value).toBeGreaterThanOrEqual(0);
  });
});

describe('presentable', () => {
  it('is never 0 and keeps its order', () => {
    expect(presentable({ low: 0, typical: 0, high: 0 })).toEqual({ low: 1, typical: 1, high: 1 });
    expect(presentable({ low: 9, typical: 5, high: 2 })).toEqual({ low: 5, typical: 5, high: 5 });
  });

  it('shows no numbers that are none', () => {
    for (const odd of [NaN, Infinity]) expect(presentable({ low: 1, typical: 2, high: odd })).toBeUndefined();
  });
});
