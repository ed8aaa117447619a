import { taskQueueContract } from './contracts/task-queue-contract.js';
import { MemoryTaskQueue } from './memory-task-queue.js';

taskQueueContract(async () => {
  const queue = new MemoryTaskQueue();
  return { queue, wipe: async () => queue.wipe(), close: async () => {} };
});
