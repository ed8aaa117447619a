import type { Task } from '@polyreel/core';
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

const nothing = { requeued: [], ended: [] };

export function sweepContract(open: OpenFixture): void {
  it('keeps sealed secrets only as long as the task may need them', async () => {
    const { store, advance } = open();
    const sealed = { sealedSecrets: 'c2VhbGVk', ttlSeconds: 60 };
    const secretsOf = async (task: Task) => (await store.find(task.id))?.sealedSecrets;
    const waiting = await create(store, sealed);
    const running = await createRunning(store, sealed);
    const failed = await createFailed(store, sealed);
    for (const task of [waiting, running, failed]) expect(await secretsOf(task)).toBe('c2VhbGVk');
    expect(await secretsOf(await createSucceeded(store, sealed))).toBeUndefined();
    await store.requestCancel(scopeOf(waiting), waiting.publicId);
    expect(await secretsOf(waiting)).toBeUndefined();
    const another = await create(store, sealed);
    await store.cancelQueued(scopeOf(another));
    expect(await secretsOf(another)).toBeUndefined();
    await store.requestCancel(scopeOf(running), running.publicId);
    expect(await secretsOf(running)).toBe('c2VhbGVk');
    await store.settle(running.id, 1, { state: 'cancelled' });
    expect(await secretsOf(running)).toBeUndefined();
    expect(await store.retryFailed(scopeOf(failed), failed.publicId)).toBe(true);
    expect(await secretsOf(failed)).toBe('c2VhbGVk');
    expect(await store.forgetSecrets()).toBe(0);
    await advance(100);
    expect(await store.forgetSecrets()).toBe(1);
    expect(await secretsOf(failed)).toBeUndefined();
  });

  it('leaves a task alone while its lease holds, and beats extend it', async () => {
    const { store, advance } = open();
    const { id } = await createRunning(store);
    await advance(20);
    expect(await store.reclaimLostLeases()).toEqual(nothing);
    await store.beat(id, 1, someProgress, leaseSeconds);
    await advance(20);
    expect(await store.reclaimLostLeases()).toEqual(nothing);
    expect(await store.beat(id, 1, someProgress, leaseSeconds)).toBe('go');
  });

  it('queues a task whose worker is lost, and fences the worker off', async () => {
    const { store, advance, history } = open();
    const { id } = await createRunning(store);
    await advance(leaseSeconds + 1);
    expect(await store.reclaimLostLeases()).toEqual({ requeued: [id], ended: [] });
    expect(await store.reclaimLostLeases()).toEqual(nothing);
    expect(await store.beat(id, 1, someProgress, leaseSeconds)).toBe('lost');
    expect(await store.settle(id, 1, { state: 'succeeded', message: '', outputs: [] })).toBe(false);
    expect(
      await store.pickForDelivery({ routes: [previewRoute], depth: 1, redeliverAfterSeconds: 9 }),
    ).toEqual([{ taskId: id, attempt: 2, ...previewRoute }]);
    expect(await store.claim(id, 2, leaseSeconds)).toMatchObject({ attempt: 2, state: 'running' });
    expect(await history(id)).toEqual(['created', 'claimed', 'requeued', 'claimed']);
  });

  it('fails a task whose worker is lost in its last attempt', async () => {
    const { store, advance, webhooks } = open();
    const { id } = await createRunning(store, { maxAttempts: 1, webhookUrl: 'https://client.example/hook' });
    await advance(leaseSeconds + 1);
    expect(await store.reclaimLostLeases()).toEqual({ requeued: [], ended: [id] });
    const task = await store.find(id);
    expect(task).toMatchObject({ state: 'failed', error: { code: 'ENGINE_LOST' } });
    expect(task?.error?.text).not.toBe('');
    expect(await webhooks(id)).toHaveLength(1);
  });

  it('cancels a task whose worker is lost after a cancel was requested', async () => {
    const { store, advance } = open();
    const task = await createRunning(store);
    await store.requestCancel(scopeOf(task), task.publicId);
    await advance(leaseSeconds + 1);
    expect(await store.reclaimLostLeases()).toEqual({ requeued: [], ended: [task.id] });
    expect((await store.find(task.id))?.state).toBe('cancelled');
  });

  it('reclaims each lost lease once, however many sweep', async () => {
    const { store, advance, history } = open();
    const tasks = [await createRunning(store), await createRunning(store), await createRunning(store)];
    await advance(leaseSeconds + 1);
    const sweeps = await Promise.all(Array.from({ length: 5 }, () => store.reclaimLostLeases()));
    expect(sweeps.flatMap(({ requeued }) => requeued).sort()).toEqual(tasks.map(({ id }) => id).sort());
    for (const { id } of tasks) expect(await history(id)).toEqual(['created', 'claimed', 'requeued']);
  });

  it('expires queued and running tasks past their deadline', async () => {
    const { store, advance, history, webhooks } = open();
    const webhookUrl = 'https://client.example/hook';
    const queued = await create(store, { ttlSeconds: 60, webhookUrl });
    const running = await createRunning(store, { ttlSeconds: 60 });
    const patient = await create(store, { ttlSeconds: 600 });
    const eternal = await create(store);
    expect(await store.expireOverdue()).toEqual(nothing);
    await advance(61);
    const swept = await store.expireOverdue();
    expect([...swept.ended].sort()).toEqual([queued.id, running.id].sort());
    expect(swept.requeued).toEqual([]);
    for (const id of swept.ended)
      expect(await store.find(id)).toMatchObject({ state: 'failed', error: { code: 'EXPIRED' } });
    for (const { id } of [patient, eternal]) expect((await store.find(id))?.state).toBe('queued');
    expect(await store.beat(running.id, 1, someProgress, leaseSeconds)).toBe('lost');
    expect(await history(queued.id)).toEqual(['created', 'failed']);
    expect(await webhooks(queued.id)).toEqual([{ url: webhookUrl, event: 'failed' }]);
    expect(await store.expireOverdue()).toEqual(nothing);
  });

  it('keeps a requested cancel when the deadline passes', async () => {
    const { store, advance } = open();
    const task = await createRunning(store, { ttlSeconds: 10 });
    await store.requestCancel(scopeOf(task), task.publicId);
    await advance(11);
    expect((await store.expireOverdue()).ended).toEqual([task.id]);
    expect((await store.find(task.id))?.state).toBe('cancelled');
  });

  it('expires nothing that has ended', async () => {
    const { store, advance } = open();
    const { id } = await createSucceeded(store, { ttlSeconds: 10 });
    await advance(11);
    expect(await store.expireOverdue()).toEqual(nothing);
    expect((await store.find(id))?.state).toBe('succeeded');
  });
}
