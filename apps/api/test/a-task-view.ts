import type { Task } from '@polyreel/core';
import { aTask } from '@polyreel/testkit';
import type { TaskView } from '../src/tasks/task-view.js';

/** What a presenter gets to know of a task: without files and estimates unless told otherwise. */
export function aTaskView(task: Partial<Task> = {}, view: Partial<TaskView> = {}): TaskView {
  return {
    task: aTask(task),
    queuePosition: 0,
    estimatedSeconds: undefined,
    engineMissing: false,
    resultLink: undefined,
    maskLink: undefined,
    posterLink: undefined,
    linksExpireAt: new Date('2026-01-01T01:00:00.000Z'),
    ...view,
  };
}
