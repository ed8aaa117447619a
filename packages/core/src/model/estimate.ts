import type { Task } from './task.js';
import type { Work } from './work.js';

/** A run that succeeded: how long it took, retries included, since users wait for those as well. */
export interface PastRun {
  readonly seconds: number;
  readonly work: Work;
}

/** Seconds: what one in ten stays below, what is usual, and what nine in ten stay below. */
export interface Spread {
  readonly low: number;
  readonly typical: number;
  readonly high: number;
}

/** What stands before a task in the queue of its engine. */
export interface Line {
  /** Waiting tasks before this one. */
  readonly ahead: number;
  readonly running: number;
  /** Tasks that can run at the same time; at least 1. */
  readonly slots: number;
}

/** Comparable runs that make a rate worth more than the plain durations of all runs. */
const ENOUGH_RUNS = 3;

/** Nothing unfinished is shown as 0 seconds away. */
const LEAST_SECONDS = 1;

/** Factors by which runs are compared, the most telling together first. */
const measures: readonly (readonly (keyof Work)[])[] = [
  ['megapixels', 'frames', 'steps'],
  ['frames', 'steps'],
  ['megapixels', 'frames'],
  ['frames'],
  ['megapixels', 'steps'],
  ['steps'],
];

/**
 * Seconds a run of this work takes: by the seconds per megapixel-frame-step of past runs, or by as many of these
 * factors as both sides know; else by how long runs take at all. Undefined: there are none.
 */
export function runSeconds(runs: readonly PastRun[], work: Work): Spread | undefined {
  const timed = runs.filter(({ seconds }) => Number.isFinite(seconds) && seconds >= 0);
  if (timed.length === 0) return undefined;
  for (const factors of measures) {
    const size = sizeBy(work, factors);
    if (size === undefined) continue;
    const rates = timed.flatMap((run) => {
      const done = sizeBy(run.work, factors);
      return done === undefined ? [] : [run.seconds / done];
    });
    if (rates.length >= Math.min(ENOUGH_RUNS, timed.length)) return spreadOf(rates, size);
  }
  return spreadOf(
    timed.map(({ seconds }) => seconds),
    1,
  );
}

/** Seconds until a slot is free: each end of a run lets one task start, and the slots are about half way through theirs. */
export function waitSeconds(run: Spread, { ahead, running, slots }: Line): Spread {
  const all = Math.max(1, slots);
  const free = all - Math.min(running, all);
  const ends = Math.max(0, ahead + 1 - free);
  const factor = ends === 0 ? 0 : (ends - 0.5) / all;
  return scaled(run, factor);
}

/**
 * Seconds a running task still needs. Its own pace counts the more the further it is, past runs the less; undefined
 * when there is neither. A repeated attempt is judged by its own steps, because its clock and its progress are those
 * of the first one too.
 * @param elapsed seconds since the task was first claimed
 */
export function remainingSeconds(
  task: Pick<Task, 'progress' | 'attempt' | 'stage' | 'step' | 'steps' | 'chunk' | 'chunks'>,
  run: Spread | undefined,
  elapsed: number,
): Spread | undefined {
  const repeated = task.attempt > 1;
  const done = repeated ? attemptProgress(task) : share(task.progress);
  const left = 1 - done;
  const spent = repeated || !(elapsed > 0) ? 0 : elapsed;
  if (run) {
    // done * (spent * left / done) + left * (typical * left)
    const blended = (typical: number) =>
      repeated ? Math.max(0, typical) * left : left * (spent + typical * left);
    return { low: blended(run.low), typical: blended(run.typical), high: blended(run.high) };
  }
  // What is loaded before the first step tells nothing about the steps.
  if (done <= 0 || spent <= 0 || task.stage === 'fetching' || task.stage === 'loading') return undefined;
  const pace = (spent * left) / done;
  return { low: pace, typical: pace, high: pace };
}

export function sum(a: Spread, b: Spread): Spread {
  return { low: a.low + b.low, typical: a.typical + b.typical, high: a.high + b.high };
}

/** Fit to be shown for something unfinished: in order, never 0. Undefined when a number is not one. */
export function presentable({ low, typical, high }: Spread): Spread | undefined {
  if (![low, typical, high].every(Number.isFinite)) return undefined;
  const middle = Math.max(LEAST_SECONDS, typical);
  return {
    low: Math.max(LEAST_SECONDS, Math.min(low, middle)),
    typical: middle,
    high: Math.max(middle, high),
  };
}

/** Seconds until the instant the engine has told; it knows its own steps best. */
export function secondsUntil(expectedEnd: Date, now: Date): Spread {
  const left = Math.max(0, (expectedEnd.getTime() - now.getTime()) / 1000);
  return { low: left, typical: left, high: left };
}

/** Steps may be those of one chunk or of the whole; with chunks only whole chunks count. */
function attemptProgress({ step, steps, chunk, chunks }: Parameters<typeof remainingSeconds>[0]): number {
  return chunks > 1 ? share((chunk - 1) / chunks) : share(step / steps);
}

function share(value: number): number {
  return value > 0 ? Math.min(1, value) : 0;
}

function sizeBy(work: Work, factors: readonly (keyof Work)[]): number | undefined {
  const size = factors.reduce((product, factor) => product * (work[factor] ?? NaN), 1);
  return size > 0 && Number.isFinite(size) ? size : undefined;
}

function spreadOf(values: readonly number[], factor: number): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return scaled(
    { low: quantile(sorted, 0.1), typical: quantile(sorted, 0.5), high: quantile(sorted, 0.9) },
    factor,
  );
}

function scaled({ low, typical, high }: Spread, factor: number): Spread {
  return { low: low * factor, typical: typical * factor, high: high * factor };
}

/** Linear between the two nearest values. */
function quantile(sorted: readonly number[], fraction: number): number {
  const position = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(position)]!;
  const above = sorted[Math.ceil(position)]!;
  return below + (above - below) * (position - Math.floor(position));
}
