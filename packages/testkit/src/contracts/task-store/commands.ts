import { expect, it } from 'vitest';
import { scopeOf } from '../../task-builders.js';
import {
  create,
  createFailed,
  createRunning,
  createSucceeded,
  leaseSeconds,
  previewRoute,
  someProgress,
  type OpenFixture,
} from './fixture.js';

export function commandContract(open: OpenFixture): void {
  it('cancels a queued task at once', async () => {
    const { store, history, webhooks } = open();
    const task = await create(store, { webhookUrl: 'https://client.example/hook' });
    expect(await store.requestCancel(scopeOf(task), task.publicId)).toBe('cancelled');
    const cancelled = await store.find(task.id);
    expect(cancelled).toMatchObject({ state: 'cancelled', attempt: 0 });
    expect(cancelled?.finishedAt).toBeInstanceOf(Date);
    expect(cancelled?.cancelRequestedAt).toBeInstanceOf(Date);
    expect(await store.claim(task.id, 1, leaseSeconds)).toBeUndefined();
    expect(await history(task.id)).toEqual(['created', 'cancelled']);
    expect(await webhooks(task.id)).toEqual([{ url: 'https://client.example/hook', event: 'cancelled' }]);
  });

  it('asks a running task to stop, once', async () => {
    const { store, history } = open();
    const task = await createRunning(store);
    expect(await store.requestCancel(scopeOf(task), task.publicId)).toBe('requested');
    const asked = await store.find(task.id);
    expect(await store.requestCancel(scopeOf(task), task.publicId)).toBe('requested');
    expect(await store.find(task.id)).toEqual(asked);
    expect(asked?.state).toBe('running');
    expect(await history(task.id)).toEqual(['created', 'claimed', 'cancel_requested']);
  });

  it('leaves an ended task as it is', async () => {
    const { store } = open();
    for (const task of [await createSucceeded(store), await createFailed(store)]) {
      expect(await store.requestCancel(scopeOf(task), task.publicId)).toBe('finished');
      expect(await store.beat(task.id, 1, someProgress, leaseSeconds)).toBe('lost');
      expect(await store.claim(task.id, 2, leaseSeconds)).toBeUndefined();
      expect(await store.settle(task.id, 1, { state: 'cancelled' })).toBe(false);
      expect(await store.find(task.id)).toEqual(task);
    }
    expect(await store.requestCancel({ tenant: 'acme', dialect: 'lightx2v' }, 'nothing')).toBe('unknown');
  });

  it('lets either a claim or a cancel win, never both', async () => {
    const { store } = open();
    for (let round = 0; round < 10; round += 1) {
      const task = await create(store);
      const [outcome, claim] = await Promise.all([
        store.requestCancel(scopeOf(task), task.publicId),
        store.claim(task.id, 1, leaseSeconds),
      ]);
      expect(outcome).toBe(claim ? 'requested' : 'cancelled');
      expect((await store.find(task.id))?.state).toBe(claim ? 'running' : 'cancelled');
    }
  });

  it('never loses a cancel to a settlement of the same instant', async () => {
    const { store } = open();
    for (let round = 0; round < 10; round += 1) {
      const task = await createRunning(store);
      const [outcome] = await Promise.all([
        store.requestCancel(scopeOf(task), task.publicId),
        store.settle(task.id, 1, { state: 'queued', delaySeconds: 0, message: '' }),
      ]);
      // Before the settlement: it obeys. After it: the task was queued and is cancelled at once.
      expect(['requested', 'cancelled']).toContain(outcome);
      expect((await store.find(task.id))?.state).toBe('cancelled');
    }
  });

  it('cancels every queued task of a scope and nothing else', async () => {
    const { store } = open();
    const scope = { tenant: 'acme', dialect: 'runpod', endpoint: 'talker' } as const;
    const queued = [await create(store, scope), await create(store, scope)];
    const others = [
      await createRunning(store, scope),
      await create(store, { ...scope, endpoint: 'other' }),
      await create(store, { ...scope, tenant: 'other' }),
      await create(store),
    ];
    expect(await store.cancelQueued(scope)).toBe(2);
    for (const { id } of queued) expect((await store.find(id))?.state).toBe('cancelled');
    for (const task of others) expect(await store.find(task.id)).toEqual(task);
    expect(await store.cancelQueued(scope)).toBe(0);
  });

  it('deletes an ended task and returns what it was', async () => {
    const { store } = open();
    const task = await createSucceeded(store);
    expect(await store.deleteEnded(scopeOf(task), task.publicId)).toEqual(task);
    expect(await store.find(task.id)).toBeUndefined();
    expect(await store.deleteEnded(scopeOf(task), task.publicId)).toBeUndefined();
    await expect(create(store, { publicId: task.publicId })).resolves.toBeDefined();
  });

  it('does not delete what has not ended', async () => {
    const { store } = open();
    for (const task of [await create(store), await createRunning(store)]) {
      expect(await store.deleteEnded(scopeOf(task), task.publicId)).toBeUndefined();
      expect(await store.find(task.id)).toEqual(task);
    }
  });

  it('deletes what ended long ago, oldest first, and nothing that still lives', async () => {
    const { store, advance } = open();
    const first = await createSucceeded(store);
    await advance(10);
    const second = await createFailed(store);
    await advance(100);
    const recent = await createSucceeded(store);
    const waiting = await create(store);
    expect((await store.deleteEndedBefore(50, 1)).map(({ id }) => id)).toEqual([first.id]);
    expect((await store.deleteEndedBefore(50, 10)).map(({ id }) => id)).toEqual([second.id]);
    expect(await store.deleteEndedBefore(50, 10)).toEqual([]);
    for (const { id } of [recent, waiting]) expect(await store.find(id)).toBeDefined();
  });

  it('queues a failed task again under its id, with fresh attempts', async () => {
    const { store, advance, history } = open();
    const task = await createFailed(store, { maxAttempts: 2, ttlSeconds: 60 });
    await advance(100);
    expect(await store.retryFailed(scopeOf(task), task.publicId)).toBe(true);
    const retried = await store.find(task.id);
    expect(retried).toMatchObject({
      publicId: task.publicId,
      state: 'queued',
      progress: 0,
      attempt: 1,
      maxAttempts: 3,
    });
    expect(retried?.error).toBeUndefined();
    expect(retried?.startedAt).toBeUndefined();
    expect(retried?.finishedAt).toBeUndefined();
    expect(retried?.assets).toEqual(task.assets);
    // Its time to live begins anew; otherwise a task that expired could never be retried.
    expect((await store.expireOverdue()).ended).toEqual([]);
    expect(
      await store.pickForDelivery({ routes: [previewRoute], depth: 1, redeliverAfterSeconds: 9 }),
    ).toEqual([{ taskId: task.id, attempt: 2, ...previewRoute }]);
    expect(await history(task.id)).toEqual(['created', 'claimed', 'failed', 'retried']);
  });

  it('retries nothing but failures', async () => {
    const { store } = open();
    const cancelled = await create(store);
    await store.requestCancel(scopeOf(cancelled), cancelled.publicId);
    const tasks = [await createSucceeded(store), cancelled, await create(store), await createRunning(store)];
    for (const task of tasks) {
      const before = await store.find(task.id);
      expect(await store.retryFailed(scopeOf(task), task.publicId)).toBe(false);
      expect(await store.find(task.id)).toEqual(before);
    }
    expect(await store.retryFailed(scopeOf(cancelled), 'nothing')).toBe(false);
  });
  it('changes the time to live of a task in any state, from now on', async () => {
    const { store, advance } = open();
    const waiting = await create(store, { ttlSeconds: 1000 });
    const forever = await createRunning(store);
    const ended = await createSucceeded(store);
    await advance(10);
    for (const { id } of [waiting, forever, ended]) {
      const before = (await store.find(id))!;
      expect(await store.changeTimeToLive(scopeOf(before), before.publicId, 20)).toBe(true);
      const changed = await store.find(id);
      expect(changed).toEqual({ ...before, deadline: changed?.deadline });
      expect(changed!.deadline!.getTime()).toBeGreaterThanOrEqual(before.createdAt.getTime() + 29_000);
    }
    await advance(30);
    expect(new Set((await store.expireOverdue()).ended)).toEqual(new Set([waiting.id, forever.id]));
    expect(await store.changeTimeToLive(scopeOf(ended), ended.publicId, 20)).toBe(false);
    // A retry starts the changed time, not the one of the request.
    expect(await store.retryFailed(scopeOf(waiting), waiting.publicId)).toBe(true);
    await advance(30);
    expect((await store.expireOverdue()).ended).toEqual([waiting.id]);
  });

  it('changes the time to live of no foreign or unknown task', async () => {
    const { store } = open();
    const task = await create(store);
    const foreign = { ...scopeOf(task), tenant: 'somebody-else' };
    expect(await store.changeTimeToLive(foreign, task.publicId, 20)).toBe(false);
    expect(await store.changeTimeToLive(scopeOf(task), 'nothing', 20)).toBe(false);
    expect(await store.find(task.id)).toEqual(task);
  });
}
