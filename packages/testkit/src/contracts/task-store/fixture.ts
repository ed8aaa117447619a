import type { Task, TaskProgress, TaskStore, TaskToCreate } from '@polyreel/core';
import { expect } from 'vitest';
import { aTaskToCreate } from '../../task-builders.js';

/** A store without tasks, and what its port does not show. */
export interface TaskStoreFixture {
  readonly store: TaskStore;
  /** Lets time pass for the store. A real one goes on by itself as well: what is not due yet needs seconds to spare. */
  advance(seconds: number): Promise<void>;
  /** Types of a task's events, oldest first. */
  history(taskId: string): Promise<readonly string[]>;
  /** Webhooks owed for a task. */
  webhooks(taskId: string): Promise<readonly { readonly url: string; readonly event: string }[]>;
}

/** Each part of the contract is given the fixture of the running test. */
export type OpenFixture = () => TaskStoreFixture;

export const leaseSeconds = 30;

/** More than any test creates, yet near enough to take the careful way of counting. */
const queueLimit = 100;

export const previewRoute = { kind: 'talk', model: 'preview' } as const;

export const someProgress: TaskProgress = {
  stage: 'generating',
  progress: 0.5,
  step: 2,
  steps: 4,
  chunk: 0,
  chunks: 1,
  message: 'Step 2 of 4',
};

export function create(store: TaskStore, overrides: Partial<TaskToCreate> = {}): Promise<Task> {
  return store.create(aTaskToCreate(overrides), queueLimit);
}

/** A task in its first attempt. */
export async function createRunning(store: TaskStore, overrides: Partial<TaskToCreate> = {}): Promise<Task> {
  const { id } = await create(store, overrides);
  const task = await store.claim(id, 1, leaseSeconds);
  expect(task).toBeDefined();
  return task!;
}

/** A task that failed in its first attempt. */
export async function createFailed(store: TaskStore, overrides: Partial<TaskToCreate> = {}): Promise<Task> {
  const task = await createRunning(store, overrides);
  await store.settle(task.id, 1, { state: 'failed', code: 'INTERNAL', text: 'It broke.' });
  return (await store.find(task.id))!;
}

export async function createSucceeded(
  store: TaskStore,
  overrides: Partial<TaskToCreate> = {},
): Promise<Task> {
  const task = await createRunning(store, overrides);
  await store.settle(task.id, 1, {
    state: 'succeeded',
    message: '',
    outputs: [{ role: 'result', objectKey: `results/${task.id}/1/video.mp4`, mediaType: 'video/mp4' }],
  });
  return (await store.find(task.id))!;
}
