import { Redis } from 'ioredis';
import { taskEventsContract, Arrivals, TcpProxy } from '@polyreel/testkit';
import type { TaskNews } from '@polyreel/core';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { RedisTaskEvents } from '../src/index.js';
import { freshPrefix, redisUrl } from './test-redis.js';

taskEventsContract(async () => {
  const options = { url: redisUrl(), prefix: freshPrefix(), onError: () => {} };
  const publisher = new RedisTaskEvents(options);
  const subscriber = new RedisTaskEvents(options);
  return {
    publisher,
    subscriber,
    close: async () => {
      await publisher.close();
      await subscriber.close();
    },
  };
});

describe('RedisTaskEvents', () => {
  const opened: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
  });

  function events(url: string, prefix: string, onError: (error: Error) => void = () => {}): RedisTaskEvents {
    const made = new RedisTaskEvents({ url, prefix, onError });
    opened.push(made);
    return made;
  }

  it('listens on one channel per task and on none when nobody is left', async () => {
    const prefix = freshPrefix();
    const subscriber = events(redisUrl(), prefix);
    const admin = new Redis(redisUrl());
    opened.push({ close: async () => admin.disconnect() });
    const channels = () => admin.pubsub('CHANNELS', `${prefix}:*`);
    const stops = [
      await subscriber.subscribe('a', () => {}),
      await subscriber.subscribe('a', () => {}),
      await subscriber.subscribe('b', () => {}),
    ];
    expect(((await channels()) as string[]).sort()).toEqual([`${prefix}:task:a`, `${prefix}:task:b`]);
    for (const stop of stops) stop();
    await expect.poll(channels).toEqual([]);
  });

  it('hears again after Redis was away', async () => {
    const proxy = await proxyToRedis();
    opened.push(proxy);
    const prefix = freshPrefix();
    const news = new Arrivals<TaskNews>();
    await events(proxy.url, prefix).subscribe('a', news.push);
    proxy.cut();
    proxy.restore();
    const publisher = events(redisUrl(), prefix);
    let heard: TaskNews | undefined;
    void news.next().then((first) => (heard = first));
    const publishAndLook = async () => {
      await publisher.publish({ taskId: 'a', type: 'progress' });
      return heard;
    };
    await expect.poll(publishAndLook, { interval: 50 }).toEqual({ taskId: 'a', type: 'progress' });
  });

  it.each(['cut', 'freeze'] as const)('harms nobody while Redis is away (%s)', async (how) => {
    const proxy = await proxyToRedis();
    opened.push(proxy);
    const errors = new Arrivals<Error>();
    const ends = events(proxy.url, freshPrefix(), errors.push);
    proxy[how]();
    const begin = Date.now();
    await ends.publish({ taskId: 'a', type: 'progress' });
    (await ends.subscribe('a', () => {}))();
    expect(await errors.next()).toBeInstanceOf(Error);
    expect(Date.now() - begin).toBeLessThan(20_000);
  });
});

async function proxyToRedis(): Promise<TcpProxy & { url: string }> {
  const url = new URL(inject('redisUrl'));
  const proxy = await TcpProxy.open(url.hostname, Number(url.port));
  url.port = String(proxy.port);
  return Object.assign(proxy, { url: url.href });
}
