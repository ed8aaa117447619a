import { taskQueueContract } from '@polyreel/testkit';
import { BullTaskQueue } from '../src/index.js';
import { flush, freshPrefix, redisUrl } from './test-redis.js';

/** Database of this suite alone: it is flushed. */
const database = 7;

taskQueueContract(async () => {
  // Handlers that throw and jobs that were flushed are told to onError; both happen on purpose here.
  const queue = new BullTaskQueue({ url: redisUrl(database), prefix: freshPrefix(), onError: () => {} });
  return { queue, wipe: () => flush(database), close: () => queue.close() };
});
