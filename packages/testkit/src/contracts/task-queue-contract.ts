import type { JobHandler, TaskQueue } from '@polyreel/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Arrivals } from '../arrivals.js';

export interface TaskQueueFixture {
  readonly queue: TaskQueue;
  /** Loses everything the queue holds, as FLUSHALL does. */
  wipe(): Promise<void>;
  close(): Promise<void>;
}

interface HeldJob {
  readonly taskId: string;
  readonly attempt: number;
  readonly end: () => void;
}

/** A handler whose jobs run until the test ends them. */
function heldJobs(): { handler: JobHandler; jobs: Arrivals<HeldJob> } {
  const jobs = new Arrivals<HeldJob>();
  const handler: JobHandler = ({ taskId, attempt }) =>
    new Promise((end) => jobs.push({ taskId, attempt, end }));
  return { handler, jobs };
}

/** What every TaskQueue does. Each test has a fixture of its own. */
export function taskQueueContract(open: () => Promise<TaskQueueFixture>): void {
  describe('task queue', () => {
    let fixture: TaskQueueFixture;
    let queue: TaskQueue;
    const arrivals = () => {
      const jobs = new Arrivals<string>();
      const handler: JobHandler = async (job) => jobs.push(`${job.taskId}-${job.attempt}`);
      return { jobs, handler };
    };

    beforeEach(async () => {
      fixture = await open();
      queue = fixture.queue;
    });
    afterEach(() => fixture.close());

    /** Delivers again and again, as the dispatcher does, until the job arrives. */
    async function deliverUntilRun(jobs: Arrivals<string>, taskId: string): Promise<string> {
      let arrived: string | undefined;
      void jobs.next().then((id) => (arrived = id));
      await expect
        .poll(
          async () => {
            await queue.deliver('wan', taskId, 1);
            return arrived;
          },
          { timeout: 60_000, interval: 20 },
        )
        .toBeDefined();
      return arrived ?? '';
    }

    it('hands a job to the consumer of its engine only, with its attempt', async () => {
      const { jobs, handler } = arrivals();
      const others = arrivals();
      await queue.consume('preview', 1, others.handler);
      await queue.consume('wan', 1, handler);
      await queue.deliver('wan', 'aa-bb', 3);
      expect(await jobs.next()).toBe('aa-bb-3');
      await queue.deliver('preview', 'cc-dd', 1);
      expect(await others.jobs.next()).toBe('cc-dd-1');
    });

    it('keeps jobs for a consumer that comes later, oldest first', async () => {
      for (const id of ['a', 'b', 'c']) await queue.deliver('wan', id, 1);
      const { jobs, handler } = arrivals();
      await queue.consume('wan', 1, handler);
      expect(await jobs.take(3)).toEqual(['a-1', 'b-1', 'c-1']);
    });

    it('runs an id once when it is delivered again while waiting', async () => {
      for (const id of ['a', 'a', 'b', 'a', 'z']) await queue.deliver('wan', id, 1);
      const { jobs, handler } = arrivals();
      await queue.consume('wan', 1, handler);
      expect(await jobs.take(3)).toEqual(['a-1', 'b-1', 'z-1']);
    });

    it('runs an id once when it is delivered again while running', async () => {
      const { jobs, handler } = heldJobs();
      await queue.consume('wan', 2, handler);
      await queue.deliver('wan', 'a', 1);
      const first = await jobs.next();
      await queue.deliver('wan', 'a', 1);
      await queue.deliver('wan', 'z', 1);
      const second = await jobs.next();
      expect([first.taskId, second.taskId]).toEqual(['a', 'z']);
      first.end();
      second.end();
    });

    it('takes another attempt of the same task for another job', async () => {
      const { jobs, handler } = arrivals();
      await queue.consume('wan', 1, handler);
      await queue.deliver('wan', 'a', 1);
      await queue.deliver('wan', 'a', 2);
      expect(await jobs.take(2)).toEqual(['a-1', 'a-2']);
    });

    it('takes an id again after it has ended', async () => {
      const { jobs, handler } = arrivals();
      await queue.consume('wan', 1, handler);
      await queue.deliver('wan', 'a', 1);
      await jobs.next();
      expect(await deliverUntilRun(jobs, 'a')).toBe('a-1');
    });

    it('drops a job whose handler throws and takes it again', async () => {
      const jobs = new Arrivals<string>();
      let runs = 0;
      await queue.consume('wan', 1, async ({ taskId, attempt }) => {
        jobs.push(`${taskId}-${attempt}`);
        if ((runs += 1) === 1) throw new Error('the database is away');
      });
      await queue.deliver('wan', 'a', 1);
      await queue.deliver('wan', 'b', 1);
      // Not run again by itself: `b` comes next.
      expect(await jobs.take(2)).toEqual(['a-1', 'b-1']);
      expect(await deliverUntilRun(jobs, 'a')).toBe('a-1');
    });

    it('runs at most as many jobs at a time as asked for', async () => {
      const { jobs, handler } = heldJobs();
      let running = 0;
      let most = 0;
      await queue.consume('wan', 2, async (job) => {
        most = Math.max(most, (running += 1));
        await handler(job);
        running -= 1;
      });
      for (const id of ['a', 'b', 'c', 'd', 'e']) await queue.deliver('wan', id, 1);
      const [first, second] = await jobs.take(2);
      first?.end();
      const third = await jobs.next();
      second?.end();
      third.end();
      for (const job of await jobs.take(2)) job.end();
      expect(most).toBe(2);
    });

    it('shares the jobs between consumers, each to one of them', async () => {
      const left = heldJobs();
      const right = heldJobs();
      await queue.consume('wan', 1, left.handler);
      await queue.consume('wan', 1, right.handler);
      await queue.deliver('wan', 'a', 1);
      await queue.deliver('wan', 'b', 1);
      const jobs = await Promise.all([left.jobs.next(), right.jobs.next()]);
      expect(jobs.map((job) => job.taskId).sort()).toEqual(['a', 'b']);
      for (const job of jobs) job.end();
    });

    it('waits for running handlers on close and takes no more jobs', async () => {
      const { jobs, handler } = heldJobs();
      const consumer = await queue.consume('wan', 1, handler);
      await queue.deliver('wan', 'a', 1);
      const running = await jobs.next();
      await queue.deliver('wan', 'b', 1);
      let closed = false;
      const closing = consumer.close().then(() => (closed = true));
      const next = arrivals();
      await queue.consume('wan', 1, next.handler);
      // The other consumer has taken what the closing one left.
      expect(await next.jobs.next()).toBe('b-1');
      expect(closed).toBe(false);
      running.end();
      await closing;
      await consumer.close();
    });

    it('takes everything again after it lost everything', async () => {
      await queue.deliver('wan', 'a', 1);
      await queue.deliver('wan', 'b', 1);
      await fixture.wipe();
      const { jobs, handler } = arrivals();
      await queue.consume('wan', 1, handler);
      await queue.deliver('wan', 'b', 1);
      await queue.deliver('wan', 'a', 1);
      expect(await jobs.take(2)).toEqual(['b-1', 'a-1']);
    });

    it('goes on when everything was lost in the middle of a job', async () => {
      const { jobs, handler } = heldJobs();
      await queue.consume('wan', 1, handler);
      await queue.deliver('wan', 'a', 1);
      const running = await jobs.next();
      await fixture.wipe();
      running.end();
      await queue.deliver('wan', 'b', 1);
      const next = await jobs.next();
      expect(next.taskId).toBe('b');
      next.end();
    });
  });
}
