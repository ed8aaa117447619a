import { BullTaskQueue } from '../src/index.js';

/** A worker that takes one job and never ends it; it is killed by the test. Arguments: URL, prefix, engine. */
const [url = '', prefix = '', engine = ''] = process.argv.slice(2);
const queue = new BullTaskQueue({ url, prefix, onError: (error) => console.error(error) });
await queue.consume(engine, 1, (job) => {
  console.log(`took ${job.taskId}`);
  return new Promise(() => {});
});
