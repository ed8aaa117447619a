import { aTaskToCreate, ManualClock, MemoryObjectStore, MemoryTaskStore } from '@polyreel/testkit';
import { expect, it } from 'vitest';
import { removeEndedTasks } from './retention.js';

it('removes old ended tasks with their objects, in as many batches as it takes', async () => {
  const clock = new ManualClock();
  const store = new MemoryTaskStore(clock.now);
  const objects = new MemoryObjectStore();
  const end = async () => {
    const task = await store.create(aTaskToCreate(), 1000);
    objects.put(`inputs/${task.id}/image`, Buffer.from('i'), 'image/png');
    objects.put(`results/${task.id}/1/video.mp4`, Buffer.from('v'), 'video/mp4');
    await store.requestCancel({ tenant: task.tenant, dialect: task.dialect }, task.publicId);
    return task;
  };
  for (let count = 0; count < 150; count++) await end();
  clock.advance(100);
  const recent = await end();
  expect(await removeEndedTasks(store, objects, 50, new AbortController().signal)).toBe(150);
  expect([...objects.keys()].sort()).toEqual([
    `inputs/${recent.id}/image`,
    `results/${recent.id}/1/video.mp4`,
  ]);
  expect(await store.find(recent.id)).toBeDefined();
});
