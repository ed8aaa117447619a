/*
 * How long it takes to create a task and to ask for its status while 0, 1,000 and 10,000 others wait, on the embedded
 * Postgres with its normal durability. Run `pnpm build` before, then `pnpm bench:create`.
 */
import { uuidV7 } from '@polyreel/core';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedServices, Supervisor } from '../../devstack/dist/index.js';
import { connectDatabase, migrate, PrismaTaskStore } from '../dist/index.js';

const LENGTHS = [0, 1_000, 10_000];
const ROUNDS = 400;
const WARM_UP = 50;
/** More than ever waits here, so that the count for the limit is never cut short. */
const QUEUE_LIMIT = 1_000_000;
const scope = { tenant: 'tenant-0', dialect: 'opea-videos' };
const routes = [{ kind: 't2v', model: 'preview' }];

const dataDir = await mkdtemp(join(tmpdir(), 'polyreel-bench-'));
const supervisor = await Supervisor.open(dataDir);
try {
  // Neither Redis nor an object store takes part in a create.
  const foreign = { redisUrl: '', s3: {} };
  const { databaseUrl } = await startEmbeddedServices(supervisor, { durable: true, foreign });
  await migrate(databaseUrl);
  const database = connectDatabase(databaseUrl, {
    applicationName: 'polyreel-bench',
    statementTimeout: 60_000,
  });
  console.log(`${availableParallelism()} x ${cpus()[0]?.model}, Node ${process.versions.node}`);
  for (const tenants of [20, 1]) {
    console.log(
      `\nWaiting tasks of ${tenants} tenant(s); milliseconds, median / p95, and times the empty queue`,
    );
    const first = new Map();
    for (const length of LENGTHS) {
      await fill(database.prisma, length, tenants);
      const results = await measure(database.prisma);
      const cells = Object.entries(results).map(([name, { median, p95 }]) => {
        if (!first.has(name)) first.set(name, median);
        return `${name} ${median.toFixed(2)} / ${p95.toFixed(2)} (${(median / first.get(name)).toFixed(2)}x)`;
      });
      console.log(`${String(length).padStart(6)}  ${cells.join('   ')}`);
    }
  }
  await database.close();
} finally {
  await supervisor.stop();
  await rm(dataDir, { recursive: true, force: true });
}

/** Fills the queue anew and gives Postgres the statistics it would have gathered by itself. */
async function fill(prisma, length, tenants) {
  await prisma.$executeRaw`TRUNCATE task CASCADE`;
  await prisma.$executeRaw`
    INSERT INTO task (id, public_id, tenant, dialect, kind, model, parameters, request, extras, max_attempts,
      attempts_per_run, created_at)
    SELECT gen_random_uuid(), 'task-' || n, 'tenant-' || n % ${tenants}::int, 'opea-videos', 't2v', 'preview', '{}', '{}',
      '{}', 3, 3, now() - (${length}::int - n) * interval '1 second'
    FROM generate_series(1, ${length}::int) AS n`;
  await prisma.$executeRaw`VACUUM ANALYZE task`;
}

async function measure(prisma) {
  const store = new PrismaTaskStore(prisma);
  const times = { create: [], 'create with key': [], status: [], 'queue place': [] };
  const timed = async (name, round, work) => {
    const start = performance.now();
    const result = await work();
    if (round >= WARM_UP) times[name].push(performance.now() - start);
    return result;
  };
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
    const plain = aTask();
    await timed('create', round, () => store.create(plain, QUEUE_LIMIT));
    const keyed = aTask();
    const record = {
      key: randomUUID(),
      route: '/v1/videos',
      fingerprint: 'ab'.repeat(32),
      keepSeconds: 3600,
    };
    await timed('create with key', round, () => store.create(keyed, QUEUE_LIMIT, record));
    // The newest task of all is the one with the most before it.
    await timed('status', round, () => store.findByPublicId(scope, keyed.publicId));
    await timed('queue place', round, () => store.queuePlace(keyed.id, routes));
    await prisma.task.deleteMany({ where: { id: { in: [plain.id, keyed.id] } } });
  }
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, quantiles(all)]));
}

function aTask() {
  const id = uuidV7();
  const { tenant, dialect } = scope;
  const parameters = { prompt: 'waves', seed: 1 };
  return {
    ...{ id, publicId: id, tenant, dialect, endpoint: '', kind: 't2v', model: 'preview', parameters },
    ...{ request: { prompt: 'waves' }, extras: {}, maxAttempts: 3, priority: 0, assets: [] },
  };
}

function quantiles(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (fraction) => sorted[Math.floor((sorted.length - 1) * fraction)];
  return { median: at(0.5), p95: at(0.95) };
}
