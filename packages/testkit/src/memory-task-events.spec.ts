import { taskEventsContract } from './contracts/task-events-contract.js';
import { MemoryTaskEvents } from './memory-task-events.js';

taskEventsContract(async () => {
  const events = new MemoryTaskEvents();
  return { publisher: events, subscriber: events, close: async () => {} };
});
