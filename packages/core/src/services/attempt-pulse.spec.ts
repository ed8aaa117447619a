import { aTask, MemoryTaskEvents } from '@polyreel/testkit';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { TaskProgress, TaskStore } from '../ports/task-store.js';
import { AttemptPulse } from './attempt-pulse.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('counts down what the engine has told, beat by beat, until it tells something else', async () => {
  const written: TaskProgress[] = [];
  const store: Pick<TaskStore, 'beat'> = {
    beat: async (_id, _attempt, progress) => {
      written.push(progress);
      return 'go';
    },
  };
  const options = { leaseSeconds: 30, beatSeconds: 10, silenceSeconds: 60 };
  const pulse = new AttemptPulse(aTask({ attempt: 1 }), store, new MemoryTaskEvents(), options);
  pulse.report({ stage: 'generating', remainingSeconds: 25 });
  await vi.advanceTimersByTimeAsync(30_000);
  pulse.report({ step: 1 });
  await vi.advanceTimersByTimeAsync(10_000);
  await pulse.stop();
  const seconds = written.map(({ remainingSeconds }) => remainingSeconds);
  expect(seconds).toEqual([25, 15, 5, 0, undefined]);
});
