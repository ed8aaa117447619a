import type { Delivery, DeliveryQuery, Task } from '@polyreel/core';
import { expect, it } from 'vitest';
import { scopeOf } from '../../task-builders.js';
import {
  create,
  createRunning,
  leaseSeconds,
  previewRoute,
  type OpenFixture,
  type TaskStoreFixture,
} from './fixture.js';

const query: DeliveryQuery = { routes: [previewRoute], depth: 10, redeliverAfterSeconds: 60 };

async function createInOrder({ store, advance }: TaskStoreFixture, tenants: readonly string[]) {
  const tasks: Task[] = [];
  for (const tenant of tenants) {
    tasks.push(await create(store, { tenant }));
    await advance(1);
  }
  return tasks;
}

function ids(picked: readonly (Delivery | Task)[]): readonly string[] {
  return picked.map((one) => ('taskId' in one ? one.taskId : one.id));
}

export function lineContract(open: OpenFixture): void {
  it('delivers the oldest first, with the attempt the claim will make', async () => {
    const fixture = open();
    const [first, second] = await createInOrder(fixture, ['acme', 'acme']);
    expect(await fixture.store.pickForDelivery(query)).toEqual([
      { taskId: first!.id, attempt: 1, ...previewRoute },
      { taskId: second!.id, attempt: 1, ...previewRoute },
    ]);
  });

  it('lets the tenants take turns, so that a long line of one does not hold up another', async () => {
    const fixture = open();
    const { store } = fixture;
    const many = await createInOrder(
      fixture,
      Array.from({ length: 30 }, () => 'many'),
    );
    const one = await create(store, { tenant: 'one' });
    expect((await store.queuePlace(one.id, []))?.position).toBe(1);
    expect(ids(await store.pickForDelivery({ ...query, depth: 3 }))).toEqual(ids([many[0]!, one, many[1]!]));
  });

  it('lets a tenant with running tasks come after one without', async () => {
    const fixture = open();
    const { store } = fixture;
    await createRunning(store, { tenant: 'busy' });
    const [older, younger] = await createInOrder(fixture, ['busy', 'idle']);
    expect((await store.queuePlace(older!.id, []))?.position).toBe(1);
    expect(ids(await store.pickForDelivery(query))).toEqual(ids([younger!, older!]));
  });

  it('counts tasks on their way as turns taken', async () => {
    const fixture = open();
    const { store } = fixture;
    await createInOrder(fixture, ['a', 'a']);
    await store.pickForDelivery({ ...query, depth: 2 });
    const [thirdOfA, firstOfB] = await createInOrder(fixture, ['a', 'b']);
    expect(ids(await store.pickForDelivery(query))).toEqual(ids([firstOfB!, thirdOfA!]));
  });

  it('puts priority before everything', async () => {
    const fixture = open();
    const { store } = fixture;
    const [normal] = await createInOrder(fixture, ['quiet']);
    const urgent = await create(store, { tenant: 'loud', priority: 1 });
    const urgentToo = await create(store, { tenant: 'loud', priority: 1 });
    const idle = await create(store, { tenant: 'third', priority: -1 });
    expect((await store.queuePlace(normal!.id, []))?.position).toBe(2);
    const order = ids(await store.pickForDelivery(query));
    expect([...order.slice(0, 2)].sort()).toEqual([urgent.id, urgentToo.id].sort());
    expect(order.slice(2)).toEqual(ids([normal!, idle]));
  });

  it('numbers the line as it will be delivered', async () => {
    const fixture = open();
    const { store } = fixture;
    await createRunning(store, { tenant: 'b' });
    const tasks = await createInOrder(fixture, ['a', 'a', 'b', 'c', 'a', 'b', 'c']);
    tasks.push(await create(store, { tenant: 'b', priority: 1 }));
    const positions = new Map<string, number | undefined>();
    for (const { id } of tasks) positions.set(id, (await store.queuePlace(id, []))?.position);
    const order = ids(await store.pickForDelivery(query));
    expect(order.map((id) => positions.get(id))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('numbers long lines of many tenants and priorities as they will be delivered', async () => {
    const fixture = open();
    const { store } = fixture;
    for (const tenant of ['b', 'd', 'd']) await createRunning(store, { tenant });
    const tasks: Task[] = [];
    for (let index = 0; index < 40; index += 1) {
      const tenant = ['a', 'b', 'c', 'd'][((index * index) % 7) % 4]!;
      tasks.push(await create(store, { tenant, priority: (index * 5) % 3 }));
      await fixture.advance(index % 2);
    }
    const places = new Map<string, number | undefined>();
    for (const { id } of tasks) places.set(id, (await store.queuePlace(id, []))?.position);
    const order = ids(await store.pickForDelivery({ ...query, depth: 40 }));
    expect(order.map((id) => places.get(id))).toEqual(Array.from({ length: 40 }, (_, place) => place));
  });

  it('counts the tasks of some routes apart', async () => {
    const fixture = open();
    const { store } = fixture;
    await createRunning(store, { tenant: 'x' });
    await createRunning(store, { tenant: 'y', model: 'wan' });
    await create(store, { tenant: 'a' });
    await create(store, { tenant: 'b', model: 'wan' });
    await create(store, { tenant: 'a', kind: 'lipsync', priority: 1 });
    await fixture.advance(1);
    const { id } = await create(store, { tenant: 'a' });
    expect(await store.queuePlace(id, [previewRoute])).toEqual({ position: 3, onRoutes: 1, running: 1 });
    const both = [previewRoute, { kind: 'talk', model: 'wan' } as const];
    expect(await store.queuePlace(id, both)).toEqual({ position: 3, onRoutes: 2, running: 2 });
    expect(await store.queuePlace(id, [])).toEqual({ position: 3, onRoutes: 0, running: 0 });
  });

  it('has no position for what does not wait', async () => {
    const { store } = open();
    const running = await createRunning(store);
    expect(await store.queuePlace(running.id, [])).toBeUndefined();
    expect(await store.queuePlace('01900000-0000-7000-8000-000000000000', [])).toBeUndefined();
  });

  it('counts what runs, whoever owns it', async () => {
    const { store } = open();
    const before = await store.countRunning();
    for (const tenant of ['a', 'b']) await createRunning(store, { tenant });
    await create(store);
    expect(await store.countRunning()).toBe(before + 2);
  });

  it('delivers only what the routes can run', async () => {
    const { store } = open();
    await create(store, { model: 'wan' });
    await create(store, { kind: 'lipsync' });
    const wanted = await create(store);
    expect(ids(await store.pickForDelivery(query))).toEqual([wanted.id]);
    expect(await store.pickForDelivery({ ...query, routes: [] })).toEqual([]);
  });

  it('keeps no more than the depth on their way, each engine for itself', async () => {
    const { store } = open();
    for (let count = 0; count < 3; count += 1) await create(store);
    await create(store, { model: 'wan' });
    expect(await store.pickForDelivery({ ...query, depth: 2 })).toHaveLength(2);
    expect(await store.pickForDelivery({ ...query, depth: 2 })).toHaveLength(0);
    const wan = { ...query, depth: 2, routes: [{ kind: 'talk', model: 'wan' }] } as const;
    expect(await store.pickForDelivery(wan)).toHaveLength(1);
  });

  it('makes room when a delivery is claimed', async () => {
    const { store } = open();
    await create(store);
    await create(store);
    const [delivery] = await store.pickForDelivery({ ...query, depth: 1 });
    await store.claim(delivery!.taskId, 1, leaseSeconds);
    expect(await store.pickForDelivery({ ...query, depth: 1 })).toHaveLength(1);
  });

  it('delivers again what nobody claimed in time', async () => {
    const { store, advance } = open();
    const { id } = await create(store);
    const expected = [{ taskId: id, attempt: 1, ...previewRoute }];
    expect(await store.pickForDelivery({ ...query, depth: 1 })).toEqual(expected);
    await advance(30);
    expect(await store.pickForDelivery({ ...query, depth: 1 })).toEqual([]);
    await advance(31);
    expect(await store.pickForDelivery({ ...query, depth: 1 })).toEqual(expected);
  });

  it('never gives one task to two dispatchers', async () => {
    const { store } = open();
    for (let count = 0; count < 12; count += 1) await create(store, { tenant: `tenant-${count % 4}` });
    const picks = await Promise.all(Array.from({ length: 4 }, () => store.pickForDelivery(query)));
    const delivered = picks.flatMap(ids);
    expect(new Set(delivered).size).toBe(delivered.length);
    expect(delivered.length).toBeGreaterThanOrEqual(query.depth);
  });

  it('passes over what must wait, has expired or was cancelled', async () => {
    const { store, advance } = open();
    const delayed = await createRunning(store);
    await store.settle(delayed.id, 1, { state: 'queued', delaySeconds: 60, message: '' });
    await create(store, { ttlSeconds: 5 });
    const cancelled = await create(store);
    await store.requestCancel(scopeOf(cancelled), cancelled.publicId);
    await advance(6);
    expect(await store.pickForDelivery(query)).toEqual([]);
    await advance(55);
    expect(await store.pickForDelivery(query)).toEqual([{ taskId: delayed.id, attempt: 2, ...previewRoute }]);
  });
}
