import { aTaskToCreate } from '@polyreel/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { PostgresWakeUp, PrismaTaskStore } from '../src/index.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';
import { openProxied } from './through-proxy.js';

const tooLong = 60_000;
const never = new AbortController().signal;

let database: TestDatabase;
let store: PrismaTaskStore;
let wakeUp: PostgresWakeUp;
let proxied: Awaited<ReturnType<typeof openProxied>>;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseUrl'));
  store = new PrismaTaskStore(database.prisma);
});
afterAll(() => database.drop());
beforeEach(async () => {
  proxied = await openProxied(database.url);
  wakeUp = new PostgresWakeUp(proxied.url);
  // It rings once when it listens: something may have been created before.
  await wakeUp.wait(tooLong, never);
});
afterEach(async () => {
  await wakeUp.close();
  await proxied.proxy.close();
});

it('wakes when a task is created', async () => {
  const woken = wakeUp.wait(tooLong, never);
  await store.create(aTaskToCreate(), 100);
  await woken;
});

it('does not lose what happened while nobody waited', async () => {
  const { id } = await store.create(aTaskToCreate(), 100);
  await wakeUp.wait(tooLong, never);
  await store.claim(id, 1, 30);
  await store.settle(id, 1, { state: 'queued', delaySeconds: 0, message: '' });
  await wakeUp.wait(tooLong, never);
});

it('is not woken by a create that was refused', async () => {
  await expect(store.create(aTaskToCreate(), 0)).rejects.toThrow();
  const started = performance.now();
  await wakeUp.wait(300, never);
  expect(performance.now() - started).toBeGreaterThan(250);
});

it('ends a wait when the signal fires', async () => {
  const stop = new AbortController();
  const waiting = wakeUp.wait(tooLong, stop.signal);
  stop.abort();
  await waiting;
  await wakeUp.wait(tooLong, stop.signal);
});

it('listens again after the connection broke, and rings for what it may have missed', async () => {
  const woken = wakeUp.wait(tooLong, never);
  proxied.proxy.cut();
  await store.create(aTaskToCreate(), 100);
  proxied.proxy.restore();
  await woken;
});
