import { assetOf, type TaskProgress } from '@polyreel/core';
import { expect, it } from 'vitest';
import { scopeOf } from '../../task-builders.js';
import { create, createRunning, leaseSeconds, someProgress, type OpenFixture } from './fixture.js';

export function attemptContract(open: OpenFixture): void {
  it('claims a queued task once, however many try', async () => {
    const { store, history } = open();
    const { id, assets } = await create(store);
    const claims = await Promise.all(Array.from({ length: 20 }, () => store.claim(id, 1, leaseSeconds)));
    const won = claims.filter((claim) => claim !== undefined);
    expect(won).toHaveLength(1);
    expect(won[0]).toMatchObject({ id, state: 'running', stage: 'fetching', attempt: 1, assets });
    expect(won[0]?.startedAt).toBeInstanceOf(Date);
    expect(await history(id)).toEqual(['created', 'claimed']);
  });

  it('claims only as the next attempt', async () => {
    const { store } = open();
    const { id } = await create(store);
    expect(await store.claim(id, 2, leaseSeconds)).toBeUndefined();
    expect(await store.claim(id, 0, leaseSeconds)).toBeUndefined();
    expect(await store.claim('01900000-0000-7000-8000-000000000000', 1, leaseSeconds)).toBeUndefined();
    expect(await store.claim(id, 1, leaseSeconds)).toBeDefined();
  });

  it('does not claim what has expired', async () => {
    const { store, advance } = open();
    const { id } = await create(store, { ttlSeconds: 10 });
    await advance(11);
    expect(await store.claim(id, 1, leaseSeconds)).toBeUndefined();
  });

  it('writes progress that never falls and stays below the end', async () => {
    const { store } = open();
    const { id } = await createRunning(store);
    const progressAfter = async (progress: number) => {
      expect(await store.beat(id, 1, { ...someProgress, progress }, leaseSeconds)).toBe('go');
      return (await store.find(id))?.progress;
    };
    expect(await progressAfter(0.5)).toBe(0.5);
    expect(await progressAfter(0.2)).toBe(0.5);
    expect(await progressAfter(NaN)).toBe(0.5);
    expect(await progressAfter(-1)).toBe(0.5);
    expect(await progressAfter(0.75)).toBe(0.75);
    const almost = await progressAfter(1);
    expect(almost).toBeGreaterThan(0.75);
    expect(almost).toBeLessThan(1);
    expect(await store.find(id)).toMatchObject({ stage: 'generating', step: 2, steps: 4, chunks: 1 });
  });

  it('knows when the engine expects to have ended, as long as it runs and the engine tells', async () => {
    const { store } = open();
    const { id, startedAt } = await createRunning(store);
    const expectedAfter = async (remaining: Partial<TaskProgress>) => {
      expect(await store.beat(id, 1, { ...someProgress, ...remaining }, leaseSeconds)).toBe('go');
      const end = (await store.find(id))?.expectedEndAt;
      return end && (end.getTime() - startedAt!.getTime()) / 1000;
    };
    const first = await expectedAfter({ remainingSeconds: 600 });
    expect(first).toBeGreaterThanOrEqual(600);
    expect(first).toBeLessThan(700);
    expect(await expectedAfter({ remainingSeconds: 60 })).toBeLessThan(first!);
    expect(await expectedAfter({})).toBeUndefined();
    await expectedAfter({ remainingSeconds: 0 });
    await store.settle(id, 1, { state: 'queued', delaySeconds: 0, message: '' });
    expect((await store.find(id))?.expectedEndAt).toBeUndefined();
  });

  it('keeps the last message when a beat brings none', async () => {
    const { store } = open();
    const { id } = await createRunning(store);
    await store.beat(id, 1, someProgress, leaseSeconds);
    await store.beat(id, 1, { ...someProgress, message: '' }, leaseSeconds);
    expect((await store.find(id))?.message).toBe('Step 2 of 4');
  });

  it('fences every write of an attempt that is over', async () => {
    const { store } = open();
    const { id } = await createRunning(store);
    await store.settle(id, 1, { state: 'queued', delaySeconds: 0, message: '' });
    const isRefused = async () => {
      expect(await store.beat(id, 1, someProgress, leaseSeconds)).toBe('lost');
      expect(await store.recordInput(id, 1, { role: 'image', objectKey: 'late' })).toBe(false);
      expect(await store.settle(id, 1, { state: 'succeeded', message: '', outputs: [] })).toBe(false);
      expect(await store.settle(id, 1, { state: 'failed', code: 'INTERNAL', text: '' })).toBe(false);
    };
    await isRefused();
    const second = await store.claim(id, 2, leaseSeconds);
    expect(second?.attempt).toBe(2);
    await isRefused();
    expect(await store.find(id)).toEqual(second);
  });

  it('records a fetched input beside its URL', async () => {
    const { store } = open();
    const { id } = await createRunning(store, {
      assets: [
        { role: 'image', sourceUrl: 'https://media.example/a.png', fileName: 'a.png' },
        { role: 'audio', objectKey: 'inputs/1/audio' },
      ],
    });
    const fetched = { objectKey: 'inputs/1/image', mediaType: 'image/png', bytes: 9, sha256: 'ab' } as const;
    expect(await store.recordInput(id, 1, { role: 'image', ...fetched, facts: { width: 2 } })).toBe(true);
    expect((await store.find(id))?.assets).toEqual([
      {
        role: 'image',
        sourceUrl: 'https://media.example/a.png',
        fileName: 'a.png',
        ...fetched,
        facts: { width: 2 },
      },
      { role: 'audio', objectKey: 'inputs/1/audio' },
    ]);
  });

  it('ends a success with its outputs, once', async () => {
    const { store, history } = open();
    const { id } = await createRunning(store);
    const outputs = [
      { role: 'result', objectKey: `results/${id}/1/video.mp4`, facts: { durationSeconds: 1.5 } },
      { role: 'poster', objectKey: `results/${id}/1/poster.jpg` },
    ] as const;
    const settlement = { state: 'succeeded', message: 'No face was found.', outputs } as const;
    const settled = await Promise.all(Array.from({ length: 10 }, () => store.settle(id, 1, settlement)));
    expect(settled.filter(Boolean)).toHaveLength(1);
    const task = await store.find(id);
    expect(task).toMatchObject({ state: 'succeeded', progress: 1, message: 'No face was found.' });
    expect(task?.stage).toBeUndefined();
    expect(task?.finishedAt).toBeInstanceOf(Date);
    expect(task?.assets.map(({ role }) => role)).toEqual(['image', 'audio', 'result', 'poster']);
    expect(task && assetOf(task, 'result')).toEqual(outputs[0]);
    expect(await history(id)).toEqual(['created', 'claimed', 'succeeded']);
  });

  it('ends a failure with its code and text', async () => {
    const { store } = open();
    const { id } = await createRunning(store);
    await store.settle(id, 1, { state: 'failed', code: 'FACE_NOT_DETECTED', text: 'No\0 face.' });
    const task = await store.find(id);
    expect(task).toMatchObject({ state: 'failed', error: { code: 'FACE_NOT_DETECTED' } });
    expect(task?.error?.text).toContain('face.');
    expect(task?.progress).toBeLessThan(1);
  });

  it('queues another attempt after the delay, keeping progress', async () => {
    const { store, history } = open();
    const { id, startedAt } = await createRunning(store);
    await store.beat(id, 1, someProgress, leaseSeconds);
    await store.settle(id, 1, { state: 'queued', delaySeconds: 5, message: 'Trying again.' });
    const task = await store.find(id);
    expect(task).toMatchObject({ state: 'queued', attempt: 1, progress: 0.5, message: 'Trying again.' });
    expect(task?.stage).toBeUndefined();
    expect(task?.finishedAt).toBeUndefined();
    expect(task?.notBefore?.getTime()).toBeGreaterThan(task!.createdAt.getTime());
    const second = await store.claim(id, 2, leaseSeconds);
    expect(second).toMatchObject({ attempt: 2, step: 0, steps: 0, progress: 0.5, startedAt });
    expect(await history(id)).toEqual(['created', 'claimed', 'requeued', 'claimed']);
  });

  it.each([
    ['failure', { state: 'failed', code: 'INTERNAL', text: 'x' }],
    ['another attempt', { state: 'queued', delaySeconds: 0, message: 'x' }],
    ['cancellation', { state: 'cancelled' }],
  ] as const)('turns a %s into cancelled once a cancel was requested', async (_what, settlement) => {
    const { store, history } = open();
    const task = await createRunning(store);
    expect(await store.requestCancel(scopeOf(task), task.publicId)).toBe('requested');
    expect(await store.beat(task.id, 1, someProgress, leaseSeconds)).toBe('cancel');
    expect(await store.settle(task.id, 1, settlement)).toBe(true);
    const ended = await store.find(task.id);
    expect(ended).toMatchObject({ state: 'cancelled' });
    expect(ended?.error).toBeUndefined();
    expect(await history(task.id)).toEqual(['created', 'claimed', 'cancel_requested', 'cancelled']);
  });

  it('lets a success win over a requested cancel', async () => {
    const { store } = open();
    const task = await createRunning(store);
    await store.requestCancel(scopeOf(task), task.publicId);
    await store.settle(task.id, 1, { state: 'succeeded', message: '', outputs: [] });
    expect((await store.find(task.id))?.state).toBe('succeeded');
  });

  it('owes a webhook for the end of a task, and only for that', async () => {
    const { store, webhooks } = open();
    const url = 'https://client.example/hook';
    const { id } = await createRunning(store, { webhookUrl: url });
    await store.settle(id, 1, { state: 'queued', delaySeconds: 0, message: '' });
    expect(await webhooks(id)).toEqual([]);
    await store.claim(id, 2, leaseSeconds);
    await store.settle(id, 2, { state: 'failed', code: 'INTERNAL', text: '' });
    expect(await webhooks(id)).toEqual([{ url, event: 'failed' }]);
    const silent = await createRunning(store);
    await store.settle(silent.id, 1, { state: 'cancelled' });
    expect(await webhooks(silent.id)).toEqual([]);
  });
}
