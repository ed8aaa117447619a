import type { TaskListQuery, TaskScope, TaskStore, Work } from '@polyreel/core';
import { expect, it } from 'vitest';
import { scopeOf } from '../../task-builders.js';
import {
  create,
  createFailed,
  createRunning,
  createSucceeded,
  type OpenFixture,
  type TaskStoreFixture,
} from './fixture.js';

const acme: TaskScope = { tenant: 'acme', dialect: 'lightx2v' };

/** Creates tasks with the given public ids, one second apart. */
async function createInOrder({ store, advance }: TaskStoreFixture, publicIds: readonly string[]) {
  for (const publicId of publicIds) {
    await create(store, { publicId });
    await advance(1);
  }
}

async function publicIds(store: TaskStore, query: TaskListQuery): Promise<readonly string[]> {
  return (await store.list(acme, query)).tasks.map(({ publicId }) => publicId);
}

export function readingContract(open: OpenFixture): void {
  it('counts what was started more than once, whoever wished it', async () => {
    const { store } = open();
    const endpoint = 'mine';
    const again = await createRunning(store, { endpoint });
    await store.settle(again.id, 1, { state: 'queued', delaySeconds: 0, message: '' });
    const failed = await createFailed(store, { endpoint });
    await store.retryFailed(scopeOf(failed), failed.publicId);
    await createSucceeded(store, { endpoint });
    expect(await store.countRetried({ ...acme, endpoint })).toBe(0);
    for (const { id } of [again, failed]) expect(await store.claim(id, 2, 30)).toBeDefined();
    expect(await store.countRetried({ ...acme, endpoint })).toBe(2);
    expect(await store.countRetried(acme)).toBe(2);
    expect(await store.countRetried({ ...acme, endpoint: 'another' })).toBe(0);
  });

  it('finds nothing under an unknown id', async () => {
    const { store } = open();
    expect(await store.find('01900000-0000-7000-8000-000000000000')).toBeUndefined();
    expect(await store.findByPublicId(acme, 'nothing')).toBeUndefined();
  });

  it.each([
    ['tenant', { ...acme, tenant: 'other' }],
    ['dialect', { ...acme, dialect: 'latentsync' as const }],
    ['endpoint', { ...acme, endpoint: 'elsewhere' }],
  ])('hides a task from another %s in every read and write', async (_what, scope: TaskScope) => {
    const { store } = open();
    const queued = await create(store, { endpoint: 'here' });
    const failed = await createFailed(store, { endpoint: 'here' });

    expect(await store.findByPublicId(scope, queued.publicId)).toBeUndefined();
    expect((await store.list(scope, { order: 'oldest-first', limit: 10 })).tasks).toEqual([]);
    expect((await store.countByState(scope)).queued).toBe(0);
    expect(await store.requestCancel(scope, queued.publicId)).toBe('unknown');
    expect(await store.cancelQueued(scope)).toBe(0);
    expect(await store.retryFailed(scope, failed.publicId)).toBe(false);
    expect(await store.deleteEnded(scope, failed.publicId)).toBeUndefined();

    expect(await store.find(queued.id)).toEqual(queued);
    expect(await store.find(failed.id)).toEqual(failed);
    expect(await store.findByPublicId({ ...acme, endpoint: 'here' }, queued.publicId)).toEqual(queued);
  });

  it('finds the newest task that wished a result path, in its scope only', async () => {
    const { store, advance } = open();
    const wish = (path: string) => create(store, { extras: { save_result_path: path } });
    await wish('out/a.mp4');
    await advance(1);
    const newest = await wish('out/a.mp4');
    await advance(1);
    await wish('A.mp4');
    const hostile = await wish(`x\0'; -- ${String.fromCharCode(0xd800)}`);
    expect((await store.findByResultPath(acme, ['nothing', 'out/a.mp4']))?.id).toBe(newest.id);
    expect((await store.findByResultPath(acme, [`x\0'; -- ${String.fromCharCode(0xd800)}`]))?.id).toBe(
      hostile.id,
    );
    expect(await store.findByResultPath(acme, ['a.mp4', 'out/%'])).toBeUndefined();
    expect(await store.findByResultPath(acme, [])).toBeUndefined();
    expect(await store.findByResultPath({ ...acme, tenant: 'other' }, ['out/a.mp4'])).toBeUndefined();
  });

  it('lists in both orders', async () => {
    const fixture = open();
    await createInOrder(fixture, ['a', 'b', 'c']);
    const { store } = fixture;
    expect(await publicIds(store, { order: 'oldest-first', limit: 10 })).toEqual(['a', 'b', 'c']);
    expect(await publicIds(store, { order: 'newest-first', limit: 10 })).toEqual(['c', 'b', 'a']);
  });

  it.each(['oldest-first', 'newest-first'] as const)('pages %s without gap or overlap', async (order) => {
    const fixture = open();
    await createInOrder(fixture, ['a', 'b', 'c', 'd', 'e']);
    const seen: string[] = [];
    const sizes: number[] = [];
    let hasMore = true;
    while (hasMore) {
      const page = await fixture.store.list(acme, { order, limit: 2, after: seen.at(-1) });
      seen.push(...page.tasks.map(({ publicId }) => publicId));
      sizes.push(page.tasks.length);
      hasMore = page.hasMore;
    }
    const expected = ['a', 'b', 'c', 'd', 'e'];
    expect(seen).toEqual(order === 'oldest-first' ? expected : expected.reverse());
    expect(sizes).toEqual([2, 2, 1]);
  });

  it('gives an empty page after an unknown or foreign cursor', async () => {
    const { store } = open();
    await create(store);
    const foreign = await create(store, { tenant: 'other' });
    for (const after of ['nothing', foreign.publicId])
      expect(await store.list(acme, { order: 'oldest-first', limit: 10, after })).toEqual({
        tasks: [],
        hasMore: false,
      });
  });

  it('lists and counts by state', async () => {
    const { store } = open();
    const failed = await createFailed(store);
    const running = await createRunning(store);
    const queued = await create(store);
    await createSucceeded(store);

    const page = await store.list(acme, {
      order: 'oldest-first',
      limit: 10,
      states: ['queued', 'running', 'failed'],
    });
    expect(page.tasks.map(({ id }) => id).sort()).toEqual([failed.id, running.id, queued.id].sort());
    expect((await store.list(acme, { order: 'oldest-first', limit: 10, states: [] })).tasks).toEqual([]);
    expect(await store.countByState(acme, ['queued', 'cancelled'])).toEqual({ queued: 1, cancelled: 0 });
    expect(await store.countByState(acme)).toEqual({
      queued: 1,
      running: 1,
      succeeded: 1,
      failed: 1,
      cancelled: 0,
    });
  });

  it('stops counting ended tasks where it is told to, and no others', async () => {
    const { store } = open();
    for (let count = 0; count < 3; count += 1) {
      await create(store);
      await createSucceeded(store);
    }
    await createFailed(store);
    const expected = { queued: 3, running: 0, succeeded: 2, failed: 1, cancelled: 0 };
    expect(await store.countByState(acme, undefined, 2)).toEqual(expected);
  });

  it('names what waits in a scope, oldest first, and counts what waits and runs', async () => {
    const { store } = open();
    await createRunning(store);
    await createFailed(store);
    const first = await create(store);
    await create(store, { tenant: 'other' });
    const second = await create(store);
    const [a, b] = [first.publicId, second.publicId];
    expect(await store.queueOf(acme, 10)).toEqual({ waiting: [a, b], queued: 2, running: 1 });
    expect(await store.queueOf(acme, 1)).toEqual({ waiting: [a], queued: 2, running: 1 });
    expect(await store.queueOf({ ...acme, tenant: 'nobody' }, 1)).toEqual({
      waiting: [],
      queued: 0,
      running: 0,
    });
  });

  it('narrows lists and counts to an endpoint', async () => {
    const { store } = open();
    await create(store, { endpoint: 'a' });
    const b = await create(store, { endpoint: 'b' });
    const scope = { ...scopeOf(b), endpoint: 'b' };
    expect((await store.list(scope, { order: 'newest-first', limit: 10 })).tasks).toEqual([b]);
    expect((await store.countByState(scope)).queued).toBe(1);
    expect((await store.countByState(scopeOf(b))).queued).toBe(2);
  });

  it('tells how long the last successful runs of a kind and model took, and what they made', async () => {
    const { store, advance } = open();
    const run = async (seconds: number, model: string, work?: Work) => {
      const { id } = await createRunning(store, { model });
      await advance(seconds);
      await store.settle(id, 1, { state: 'succeeded', message: '', outputs: [], ...(work && { work }) });
    };
    const work = { megapixels: 0.25, frames: 125, steps: 4 };
    await run(1000, 'preview', work);
    await run(2000, 'preview');
    await run(500, 'other');
    await createFailed(store);
    const runs = await store.recentRuns('talk', 'preview');
    expect(runs.map((past) => past.work)).toEqual([{}, work]);
    // A real store adds the time the test itself takes.
    expect(runs.map(({ seconds }) => Math.floor(seconds / 100))).toEqual([20, 10]);
    expect(await store.recentRuns('lipsync', 'preview')).toEqual([]);
  });

  it('looks back at fifty runs', async () => {
    const { store } = open();
    for (let count = 0; count < 51; count += 1) await createSucceeded(store);
    expect(await store.recentRuns('talk', 'preview')).toHaveLength(50);
  });
}
