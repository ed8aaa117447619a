import {
  DuplicatePublicIdError,
  IdempotencyKeyReusedError,
  QueueFullError,
  type IdempotencyRecord,
} from '@polyreel/core';
import { expect, it } from 'vitest';
import { aTaskToCreate, scopeOf } from '../../task-builders.js';
import { create, type OpenFixture } from './fixture.js';

function aRecord(over: Partial<IdempotencyRecord> = {}): IdempotencyRecord {
  return { key: 'key-1', route: '/v1/videos', fingerprint: 'ab'.repeat(32), keepSeconds: 100, ...over };
}

export function repeatContract(open: OpenFixture): void {
  it('returns the first task to every later request with its key', async () => {
    const { store, history } = open();
    expect(await store.findRepeated('acme', aRecord())).toBeUndefined();
    const first = await store.create(aTaskToCreate(), 100, aRecord());
    expect(await store.findRepeated('acme', aRecord())).toEqual(first);
    const again = aTaskToCreate();
    expect(await store.create(again, 100, aRecord())).toEqual(first);
    expect(await store.find(again.id)).toBeUndefined();
    expect(await history(first.id)).toEqual(['created']);
  });

  it('returns the task as it is by now', async () => {
    const { store } = open();
    const first = await store.create(aTaskToCreate(), 100, aRecord());
    await store.requestCancel(scopeOf(first), first.publicId);
    expect(await store.create(aTaskToCreate(), 100, aRecord())).toMatchObject({
      id: first.id,
      state: 'cancelled',
    });
  });

  it('refuses the key for another request', async () => {
    const { store } = open();
    await store.create(aTaskToCreate(), 100, aRecord());
    const other = aRecord({ fingerprint: 'cd'.repeat(32) });
    const refused = aTaskToCreate();
    await expect(store.create(refused, 100, other)).rejects.toThrow(IdempotencyKeyReusedError);
    await expect(store.findRepeated('acme', other)).rejects.toThrow(IdempotencyKeyReusedError);
    expect(await store.find(refused.id)).toBeUndefined();
  });

  it('keeps keys of other tenants and routes apart', async () => {
    const { store } = open();
    const tasks = [
      await store.create(aTaskToCreate(), 100, aRecord()),
      await store.create(aTaskToCreate({ tenant: 'other' }), 100, aRecord()),
      await store.create(aTaskToCreate(), 100, aRecord({ route: '/sync' })),
      await store.create(aTaskToCreate(), 100, aRecord({ key: 'key-2' })),
    ];
    expect(new Set(tasks.map(({ id }) => id)).size).toBe(4);
  });

  it('makes one task of many requests at once, also when the queue is nearly full', async () => {
    const { store } = open();
    for (const [key, limit] of [
      ['roomy', 10_000],
      ['close', 2],
    ] as const) {
      const record = aRecord({ key });
      const many = Array.from({ length: 20 }, () => store.create(aTaskToCreate(), limit, record));
      const ids = new Set((await Promise.all(many)).map(({ id }) => id));
      expect(ids.size).toBe(1);
    }
    const { queued } = await store.countByState(scopeOf(aTaskToCreate()));
    expect(queued).toBe(2);
  });

  it('answers a repeat even when the queue is full, and writes no key with a refused task', async () => {
    const { store } = open();
    const first = await store.create(aTaskToCreate(), 1, aRecord());
    expect((await store.create(aTaskToCreate(), 1, aRecord())).id).toBe(first.id);
    const record = aRecord({ key: 'key-2' });
    await expect(store.create(aTaskToCreate(), 1, record)).rejects.toThrow(QueueFullError);
    expect(await store.findRepeated('acme', record)).toBeUndefined();
    await expect(store.create(aTaskToCreate(), 2, record)).resolves.toMatchObject({ state: 'queued' });
  });

  it('knows a repeat by its key before it knows it by a public id', async () => {
    const { store } = open();
    const publicId = 'chosen';
    const first = await store.create(aTaskToCreate({ publicId }), 100, aRecord());
    expect((await store.create(aTaskToCreate({ publicId }), 100, aRecord())).id).toBe(first.id);
    const other = aRecord({ key: 'key-2' });
    await expect(store.create(aTaskToCreate({ publicId }), 100, other)).rejects.toThrow(
      DuplicatePublicIdError,
    );
    expect(await store.findRepeated('acme', other)).toBeUndefined();
  });

  it('writes one row when the same public id comes under many keys at once', async () => {
    const { store } = open();
    const attempts = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        store.create(aTaskToCreate({ publicId: 'same' }), 1000, aRecord({ key: `key-${index}` })),
      ),
    );
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const attempt of attempts)
      if (attempt.status === 'rejected') expect(attempt.reason).toBeInstanceOf(DuplicatePublicIdError);
  });

  it('frees a key after its time', async () => {
    const { store, advance } = open();
    const first = await store.create(aTaskToCreate(), 100, aRecord());
    await advance(50);
    expect(await store.findRepeated('acme', aRecord())).toBeDefined();
    expect(await store.forgetExpiredKeys()).toBe(0);
    await advance(51);
    expect(await store.findRepeated('acme', aRecord())).toBeUndefined();
    const other = aRecord({ fingerprint: 'cd'.repeat(32) });
    const second = await store.create(aTaskToCreate(), 100, other);
    expect(second.id).not.toBe(first.id);
    expect((await store.findRepeated('acme', other))?.id).toBe(second.id);
    await advance(101);
    expect(await store.forgetExpiredKeys()).toBe(1);
    expect(await store.forgetExpiredKeys()).toBe(0);
  });

  it('frees the key of a deleted task', async () => {
    const { store } = open();
    const first = await store.create(aTaskToCreate(), 100, aRecord());
    await store.requestCancel(scopeOf(first), first.publicId);
    await store.deleteEnded(scopeOf(first), first.publicId);
    expect(await store.findRepeated('acme', aRecord())).toBeUndefined();
    const second = await store.create(aTaskToCreate(), 100, aRecord({ fingerprint: 'cd'.repeat(32) }));
    expect(second.id).not.toBe(first.id);
  });

  it('has nothing to do with requests without a key', async () => {
    const { store } = open();
    await store.create(aTaskToCreate(), 100, aRecord());
    expect((await create(store)).id).not.toBe((await create(store)).id);
  });
}
