import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Arrivals } from '@polyreel/testkit';
import { expect, it } from 'vitest';
import { BullTaskQueue } from '../src/index.js';
import { freshPrefix, redisUrl } from './test-redis.js';

it('a job of a killed consumer is run by another one within 30 s', async () => {
  const prefix = freshPrefix();
  const queue = new BullTaskQueue({ url: redisUrl(), prefix, onError: () => {} });
  const runner = join(import.meta.dirname, 'run-source.mjs');
  const child = spawn(process.execPath, [runner, 'consumer-process.ts', redisUrl(), prefix, 'wan'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await queue.deliver('wan', 'orphan', 1);
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    expect(line).toBe('took orphan');
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;

    const killedAt = Date.now();
    const jobs = new Arrivals<string>();
    await queue.consume('wan', 1, async (job) => jobs.push(`${job.taskId}-${job.attempt}`));
    expect(await jobs.next()).toBe('orphan-1');
    expect(Date.now() - killedAt).toBeLessThan(30_000);
  } finally {
    child.kill('SIGKILL');
    await queue.close();
  }
});
