import { aTaskToCreate } from '@polyreel/testkit';
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from 'vitest';
import { connectDatabase, PrismaTaskStore } from '../src/index.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';
import { openProxied } from './through-proxy.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseUrl'));
});
afterAll(() => database.drop());

it('works again by itself after the server was away', async () => {
  const { proxy, url } = await openProxied(database.url);
  const connected = connectDatabase(url, { applicationName: 'polyreel-test' });
  try {
    const store = new PrismaTaskStore(connected.prisma);
    const { id } = await store.create(aTaskToCreate(), 10);
    proxy.cut();
    await expect(connected.ping()).rejects.toThrow();
    await expect(store.find(id)).rejects.toThrow();
    proxy.restore();
    await expect(store.find(id)).resolves.toMatchObject({ id });
  } finally {
    await connected.close();
    await proxy.close();
  }
});

it('replaces connections that the server has ended', async () => {
  const errors: Error[] = [];
  const connected = connectDatabase(database.url, {
    applicationName: 'polyreel-doomed',
    poolSize: 3,
    onConnectionError: (error) => errors.push(error),
  });
  try {
    await Promise.all([connected.ping(), connected.ping(), connected.ping()]);
    await database.prisma.$queryRaw`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'polyreel-doomed'`;
    await expect.poll(() => errors.length).toBe(3);
    await Promise.all([connected.ping(), connected.ping(), connected.ping()]);
  } finally {
    await connected.close();
  }
});

it('gives up on a server that has gone silent', async () => {
  const { proxy, url } = await openProxied(database.url);
  const connected = connectDatabase(url, {
    applicationName: 'polyreel-test',
    statementTimeout: 200,
    connectionTimeout: 500,
  });
  try {
    // To connect may take longer than that on a busy machine.
    await expect.poll(() => connected.ping()).toBeUndefined();
    proxy.freeze();
    await expect(connected.ping()).rejects.toThrow();
    proxy.restore();
    await expect.poll(() => connected.ping()).toBeUndefined();
  } finally {
    await proxy.close();
    await connected.close();
  }
});

it('stops a statement that takes too long', async () => {
  const connected = connectDatabase(database.url, {
    applicationName: 'polyreel-test',
    statementTimeout: 1_000,
  });
  try {
    await expect(connected.prisma.$queryRaw`SELECT pg_sleep(60)::text`).rejects.toThrow(/timeout/);
    await expect.poll(() => connected.ping()).toBeUndefined();
  } finally {
    await connected.close();
  }
});

it('reads instants rightly whatever the time zone of the server', async () => {
  await database.prisma.$executeRawUnsafe(
    `ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET TimeZone = 'Asia/Kathmandu'`,
  );
  const connected = connectDatabase(database.url, { applicationName: 'polyreel-test' });
  try {
    const store = new PrismaTaskStore(connected.prisma);
    const { createdAt } = await store.create(aTaskToCreate(), 10);
    expect(Math.abs(Date.now() - createdAt.getTime())).toBeLessThan(60_000);
  } finally {
    await connected.close();
  }
});

it('keeps a running task out of the indexes while it only makes progress', async () => {
  // One connection, which counts what it did when it is told to; another would do so after seconds.
  const connected = connectDatabase(database.url, { applicationName: 'polyreel-test', poolSize: 1 });
  onTestFinished(() => connected.close());
  const store = new PrismaTaskStore(connected.prisma);
  const { id } = await store.create(aTaskToCreate(), 10);
  const updates = async () => {
    const [row] = await connected.prisma.$queryRaw<{ hot: number; others: number }[]>`
      SELECT pg_stat_force_next_flush()::text, n_tup_hot_upd::int AS hot, (n_tup_upd - n_tup_hot_upd)::int AS others
      FROM pg_stat_user_tables WHERE relname = 'task'`;
    return row!;
  };
  const beats = 10;
  const { others } = await updates();
  await store.claim(id, 1, 30);
  await expect.poll(async () => (await updates()).others).toBe(others + 1);
  const before = await updates();
  for (let step = 1; step <= beats; step += 1)
    await store.beat(
      id,
      1,
      { stage: 'generating', progress: step / 20, step, steps: 20, chunk: 0, chunks: 1, message: '' },
      30,
    );
  await expect.poll(async () => (await updates()).hot).toBe(before.hot + beats);
  expect((await updates()).others).toBe(before.others);
});

it('lets one task of a small tenant pass a thousand of a large one', async () => {
  const store = new PrismaTaskStore(database.prisma);
  await database.prisma.task.deleteMany();
  await database.prisma.$executeRaw`
    INSERT INTO task (id, public_id, tenant, dialect, kind, model, parameters, request, extras, max_attempts, attempts_per_run)
    SELECT gen_random_uuid(), 'task-' || n, 'large', 'runpod', 'talk', 'preview', '{}', '{}', '{}', 3, 3
    FROM generate_series(1, 1000) AS n`;
  const { id } = await store.create(aTaskToCreate({ tenant: 'small' }), 10);
  const picked = await store.pickForDelivery({
    routes: [{ kind: 'talk', model: 'preview' }],
    depth: 2,
    redeliverAfterSeconds: 30,
  });
  expect(picked.map(({ taskId }) => taskId)).toContain(id);
});
