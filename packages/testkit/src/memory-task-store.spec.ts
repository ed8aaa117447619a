import { taskStoreContract } from './contracts/task-store-contract.js';
import { ManualClock } from './manual-clock.js';
import { MemoryTaskStore } from './memory-task-store.js';

taskStoreContract(async () => {
  const clock = new ManualClock();
  const store = new MemoryTaskStore(clock.now);
  return {
    store,
    advance: async (seconds) => clock.advance(seconds),
    history: async (taskId) => store.history(taskId),
    webhooks: async (taskId) => store.webhooks(taskId),
  };
});
