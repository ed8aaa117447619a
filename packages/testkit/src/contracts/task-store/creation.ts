import { DuplicatePublicIdError, QueueFullError } from '@polyreel/core';
import { expect, it } from 'vitest';
import { aTaskToCreate, scopeOf } from '../../task-builders.js';
import { create, createFailed, createRunning, type OpenFixture } from './fixture.js';

export function creationContract(open: OpenFixture): void {
  it('writes a queued task and returns it as it will be read', async () => {
    const { store, history } = open();
    const wanted = aTaskToCreate({
      parameters: { prompt: 'Zwei Köpfe 说话', width: 512, guidance_scale: 7.5, return_mask: true },
      request: { nested: { list: [1, null, 'x'], empty: {} } },
      extras: { vocabulary: 'guide' },
      endpoint: 'talker',
      dialect: 'runpod',
      priority: 3,
      executionTimeoutSeconds: 90.5,
      ttlSeconds: 60,
      assets: [
        {
          role: 'image',
          objectKey: 'inputs/1/image',
          fileName: '../..\\me.png',
          mediaType: 'image/png',
          bytes: 5_000_000_000,
          sha256: 'ab'.repeat(32),
          facts: { width: 640, height: 480 },
        },
        { role: 'audio', sourceUrl: 'https://media.example/a.wav?x=1' },
      ],
    });

    const task = await store.create(wanted, 10);

    const { ttlSeconds: _ttl, ...rest } = wanted;
    expect(task).toMatchObject({
      ...rest,
      state: 'queued',
      progress: 0,
      attempt: 0,
      maxAttempts: 3,
      message: '',
    });
    expect(task.stage).toBeUndefined();
    expect(task.startedAt).toBeUndefined();
    expect(task.deadline!.getTime() - task.createdAt.getTime()).toBe(60_000);
    expect(await store.find(task.id)).toEqual(task);
    expect(await store.findByPublicId(scopeOf(task), task.publicId)).toEqual(task);
    expect(await history(task.id)).toEqual(['created']);
  });

  it('keeps hostile text without failing', async () => {
    const { store } = open();
    const hostile = `a\0b'; DROP TABLE task; -- ${String.fromCharCode(0xd800)} \\u0000 "`;
    const task = await create(store, {
      parameters: { prompt: hostile },
      request: { prompt: hostile },
      assets: [{ role: 'image', objectKey: 'inputs/1/image', fileName: hostile }],
    });
    const read = await store.find(task.id);
    expect(read?.parameters.prompt).toBe(hostile);
    expect(read?.assets[0]?.fileName).toContain('DROP TABLE');
    expect(await store.findByPublicId(scopeOf(task), hostile)).toBeUndefined();
  });

  it('refuses a public id its tenant already uses, whatever the dialect and state', async () => {
    const { store } = open();
    const failed = await createFailed(store, { publicId: 'same' });
    const again = store.create(aTaskToCreate({ publicId: 'same', dialect: 'runpod' }), 10);
    await expect(again).rejects.toThrow(DuplicatePublicIdError);
    expect(await store.find(failed.id)).toEqual(failed);
    await expect(create(store, { publicId: 'same', tenant: 'other' })).resolves.toBeDefined();
  });

  it('writes one row when the same public id comes many times at once', async () => {
    const { store } = open();
    const attempts = await Promise.allSettled(
      Array.from({ length: 20 }, () => store.create(aTaskToCreate({ publicId: 'same' }), 1000)),
    );
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const attempt of attempts)
      if (attempt.status === 'rejected') expect(attempt.reason).toBeInstanceOf(DuplicatePublicIdError);
  });

  it('refuses a task beyond the limit of unfinished ones and leaves nothing behind', async () => {
    const { store } = open();
    await createRunning(store);
    await create(store);
    const refused = aTaskToCreate();
    const refusal = store.create(refused, 2);
    await expect(refusal).rejects.toThrow(QueueFullError);
    await expect(refusal).rejects.toMatchObject({ limit: 2 });
    expect(await store.find(refused.id)).toBeUndefined();
    await expect(store.create(aTaskToCreate(), 0)).rejects.toThrow(QueueFullError);
  });

  it('counts neither ended tasks nor those of other tenants', async () => {
    const { store } = open();
    await createFailed(store);
    await create(store, { tenant: 'other' });
    await expect(store.create(aTaskToCreate(), 1)).resolves.toBeDefined();
    await expect(store.create(aTaskToCreate(), 1)).rejects.toThrow(QueueFullError);
    await expect(store.create(aTaskToCreate({ tenant: 'third' }), Infinity)).resolves.toBeDefined();
  });

  it('holds the limit when creates come all at once', async () => {
    const { store } = open();
    const attempts = await Promise.allSettled(
      Array.from({ length: 20 }, () => store.create(aTaskToCreate(), 7)),
    );
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(7);
    for (const attempt of attempts)
      if (attempt.status === 'rejected') expect(attempt.reason).toBeInstanceOf(QueueFullError);
  });
}
