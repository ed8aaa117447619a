import { objectKeys } from '../model/object-keys.js';
import type { ObjectStore } from '../ports/object-store.js';
import type { TaskStore } from '../ports/task-store.js';

/** Tasks removed at a time: keeps each transaction short. */
const BATCH = 100;

/** Removes tasks that ended more than `seconds` ago, with all their objects; returns how many. */
export async function removeEndedTasks(
  store: Pick<TaskStore, 'deleteEndedBefore'>,
  objects: Pick<ObjectStore, 'removePrefix'>,
  seconds: number,
  signal: AbortSignal,
): Promise<number> {
  let removed = 0;
  while (!signal.aborted) {
    const tasks = await store.deleteEndedBefore(seconds, BATCH);
    for (const { id } of tasks) {
      await objects.removePrefix(objectKeys.inputs(id));
      await objects.removePrefix(objectKeys.results(id));
    }
    removed += tasks.length;
    if (tasks.length < BATCH) break;
  }
  return removed;
}
