import type { TaskEvents, TaskNews } from '@polyreel/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Arrivals } from '../arrivals.js';

export interface TaskEventsFixture {
  /** Two ends that may live in different processes. */
  readonly publisher: TaskEvents;
  readonly subscriber: TaskEvents;
  close(): Promise<void>;
}

/** What every TaskEvents does. Each test has a fixture of its own. */
export function taskEventsContract(open: () => Promise<TaskEventsFixture>): void {
  describe('task events', () => {
    let fixture: TaskEventsFixture;
    beforeEach(async () => {
      fixture = await open();
    });
    afterEach(() => fixture.close());

    it('brings news of the task to its listener, in order', async () => {
      const news = new Arrivals<TaskNews>();
      await fixture.subscriber.subscribe('a', news.push);
      await fixture.publisher.publish({ taskId: 'a', type: 'progress' });
      await fixture.publisher.publish({ taskId: 'b', type: 'ended' });
      await fixture.publisher.publish({ taskId: 'a', type: 'ended' });
      expect(await news.take(2)).toEqual([
        { taskId: 'a', type: 'progress' },
        { taskId: 'a', type: 'ended' },
      ]);
    });

    it('carries pictures byte by byte', async () => {
      const picture = Uint8Array.from({ length: 256 * 1024 }, (_, at) => (at * 7) % 256);
      const news = new Arrivals<TaskNews>();
      await fixture.subscriber.subscribe('a', news.push);
      await fixture.publisher.publish({ taskId: 'a', type: 'preview', picture });
      const { picture: received, ...rest } = await news.next();
      expect(rest).toEqual({ taskId: 'a', type: 'preview' });
      expect(received && Buffer.compare(received, picture)).toBe(0);
    });

    it('serves many listeners of one task, also the same function twice', async () => {
      const news = new Arrivals<TaskNews>();
      const stop = await fixture.subscriber.subscribe('a', news.push);
      await fixture.subscriber.subscribe('a', news.push);
      await fixture.publisher.publish({ taskId: 'a', type: 'progress' });
      await news.take(2);
      stop();
      stop();
      await fixture.publisher.publish({ taskId: 'a', type: 'ended' });
      expect((await news.next()).type).toBe('ended');
    });

    it('is silent after unsubscribing and speaks after subscribing again', async () => {
      const early = new Arrivals<TaskNews>();
      const later = new Arrivals<TaskNews>();
      (await fixture.subscriber.subscribe('a', early.push))();
      await fixture.publisher.publish({ taskId: 'a', type: 'progress' });
      await fixture.subscriber.subscribe('a', later.push);
      await fixture.publisher.publish({ taskId: 'a', type: 'ended' });
      expect((await later.next()).type).toBe('ended');
      let heard = false;
      void early.next().then(() => (heard = true));
      await Promise.resolve();
      expect(heard).toBe(false);
    });

    it('protects the other listeners from one that throws', async () => {
      const news = new Arrivals<TaskNews>();
      await fixture.subscriber.subscribe('a', () => {
        throw new Error('a broken listener');
      });
      await fixture.subscriber.subscribe('a', news.push);
      await fixture.publisher.publish({ taskId: 'a', type: 'ended' });
      expect((await news.next()).type).toBe('ended');
    });

    it('publishes to nobody without complaint', async () => {
      await fixture.publisher.publish({ taskId: 'nobody', type: 'ended' });
    });
  });
}
