import { aTaskToCreate } from '@polyreel/testkit';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { PrismaTaskStore } from '../src/index.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

let database: TestDatabase;
let store: PrismaTaskStore;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseUrl'));
  store = new PrismaTaskStore(database.prisma);
});
afterAll(() => database.drop());
beforeEach(() => database.prisma.task.deleteMany());

async function createEnded(state: 'succeeded' | 'failed' | 'cancelled'): Promise<string> {
  const { id } = await store.create(aTaskToCreate(), 10);
  await store.claim(id, 1, 30);
  if (state === 'succeeded') await store.settle(id, 1, { state, message: '', outputs: [] });
  else if (state === 'failed') await store.settle(id, 1, { state, code: 'INTERNAL', text: '' });
  else await store.settle(id, 1, { state });
  return id;
}

it.each([
  ['succeeded', 'failed'],
  ['succeeded', 'queued'],
  ['failed', 'succeeded'],
  ['failed', 'cancelled'],
  ['cancelled', 'queued'],
  ['cancelled', 'failed'],
] as const)('refuses by trigger that a task which %s becomes %s', async (from, to) => {
  const id = await createEnded(from);
  const change = database.prisma.$executeRaw`UPDATE task SET state = ${to} WHERE id = ${id}::uuid`;
  await expect(change).rejects.toThrow(/has ended as/);
});

it.each([
  ['an unknown state', `state = 'paused'`],
  ['an unknown kind', `kind = 'opera'`],
  ['progress above one', `progress = 1.1`],
  ['running without a lease', `state = 'running', stage = 'fetching'`],
  ['a lease without running', `lease_until = now()`],
  ['an end without a date', `state = 'cancelled'`],
  ['a failure without a code', `state = 'failed', finished_at = now()`],
])('refuses %s', async (_what, change) => {
  await store.create(aTaskToCreate(), 10);
  await expect(database.prisma.$executeRawUnsafe(`UPDATE task SET ${change}`)).rejects.toThrow(/constraint/);
});

it('takes assets, history and webhooks away with a task', async () => {
  const { id, publicId, tenant, dialect } = await store.create(
    aTaskToCreate({ webhookUrl: 'https://client.example/hook' }),
    10,
  );
  await store.requestCancel({ tenant, dialect }, publicId);
  await store.deleteEnded({ tenant, dialect }, publicId);
  expect(await database.prisma.asset.count({ where: { taskId: id } })).toBe(0);
  expect(await database.prisma.taskEvent.count({ where: { taskId: id } })).toBe(0);
  expect(await database.prisma.webhookDelivery.count({ where: { taskId: id } })).toBe(0);
});
