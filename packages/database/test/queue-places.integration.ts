import { aTaskToCreate } from '@polyreel/testkit';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { PrismaTaskStore } from '../src/index.js';
import { QueuePlaces } from '../src/queue-places.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

const routes = [{ kind: 'talk', model: 'preview' }] as const;

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseUrl'));
});
afterAll(() => database.drop());

it('knows the place of the newest task in a long line as exactly as in a short one, and of others about', async () => {
  const store = new PrismaTaskStore(database.prisma);
  const tenants = ['a', 'b', 'c', 'a', 'a', 'b'];
  const tasks = [];
  for (let index = 0; index < 60; index += 1) {
    const over = { tenant: tenants[index % 6]!, priority: index % 2, model: index % 5 ? 'preview' : 'wan' };
    tasks.push(await store.create(aTaskToCreate(over), 1000));
  }
  for (const { id } of tasks.slice(0, 4)) await store.claim(id, 1, 30);
  const short = new QueuePlaces(database.prisma);
  const long = new QueuePlaces(database.prisma, 0);
  expect((await long.of(tasks.at(-1)!.id, routes))?.position).toBe(
    (await short.of(tasks.at(-1)!.id, routes))?.position,
  );
  for (const { id } of tasks.slice(4)) {
    const exact = (await short.of(id, routes))!;
    const about = (await long.of(id, routes))!;
    expect(about.running).toBe(exact.running);
    // Off by the other tenants' tasks of the same turn at most, and these by the share of the routes.
    expect(about.position - exact.position).toBeGreaterThanOrEqual(0);
    expect(about.position - exact.position).toBeLessThanOrEqual(2);
    expect(Math.abs(about.onRoutes - exact.onRoutes)).toBeLessThanOrEqual(4);
  }
  expect(await long.of(tasks[0]!.id, routes)).toBeUndefined();
});
