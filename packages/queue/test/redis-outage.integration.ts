import { Arrivals, TcpProxy } from '@polyreel/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { BullTaskQueue, pingRedis } from '../src/index.js';
import { freshPrefix, redisUrl } from './test-redis.js';

describe('while Redis is away', () => {
  let proxy: TcpProxy;
  let queue: BullTaskQueue;
  let url: string;

  beforeEach(async () => {
    const target = new URL(inject('redisUrl'));
    proxy = await TcpProxy.open(target.hostname, Number(target.port));
    target.port = String(proxy.port);
    url = target.href;
    queue = new BullTaskQueue({ url, prefix: freshPrefix(), onError: () => {} });
  });
  afterEach(async () => {
    proxy.restore();
    await queue.close();
    await proxy.close();
  });

  /** Delivers until it succeeds, as the dispatcher does. */
  const deliverAtLast = (taskId: string) =>
    expect.poll(() => queue.deliver('wan', taskId, 1).then(() => 'delivered', String)).toBe('delivered');

  it.each(['cut', 'freeze'] as const)(
    'delivering fails fast and works again afterwards (%s)',
    async (how) => {
      await queue.deliver('wan', 'before', 1);
      proxy[how]();
      const begin = Date.now();
      await expect(queue.deliver('wan', 'during', 1)).rejects.toBeInstanceOf(Error);
      expect(Date.now() - begin).toBeLessThan(20_000);
      proxy.restore();
      await deliverAtLast('after');
    },
  );

  it('delivering works when Redis comes later than the first try', async () => {
    proxy.cut();
    await expect(queue.deliver('wan', 'early', 1)).rejects.toBeInstanceOf(Error);
    proxy.restore();
    await deliverAtLast('later');
  });

  it('a consumer waits for Redis and goes on when it is back', async () => {
    proxy.cut();
    const jobs = new Arrivals<string>();
    await queue.consume('wan', 1, async (job) => jobs.push(job.taskId));
    proxy.restore();
    await deliverAtLast('first');
    expect(await jobs.next()).toBe('first');
    proxy.cut();
    proxy.restore();
    await deliverAtLast('second');
    expect(await jobs.next()).toBe('second');
  });

  it('a consumer closes without Redis, after its handlers', async () => {
    const started = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    let ended = false;
    const consumer = await queue.consume('wan', 1, async () => {
      started.resolve();
      await release.promise;
      ended = true;
    });
    await queue.deliver('wan', 'a', 1);
    await started.promise;
    proxy.cut();
    const closing = consumer.close();
    release.resolve();
    await closing;
    expect(ended).toBe(true);
  });

  it('a ping tells', async () => {
    await pingRedis(url);
    proxy.cut();
    await expect(pingRedis(url)).rejects.toThrow();
    proxy.restore();
    proxy.freeze();
    await expect(pingRedis(url, 300)).rejects.toThrow(/300 ms/);
    await pingRedis(redisUrl());
  });
});
