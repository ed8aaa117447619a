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
  console.log(`${availableParallelism()} x ${cpus()[0]?.model}, Node ${process.versions.node}`);
  for (const tenants of [20, 1]) {
    const lines = [];
    for (const length of LENGTHS) lines.push(await openLine(databaseUrl, length, tenants));
    // Taken in turns, so that other load on the machine falls on all of them alike.
    for (let round = 0; round < WARM_UP + ROUNDS; round += 1)
      for (const line of lines) await measure(line, round >= WARM_UP);
    console.log(
      `\nWaiting tasks of ${tenants} tenant(s); milliseconds, median / p95, and times the empty queue`,
    );
    for (const { length, times } of lines) {
      const cells = Object.keys(times).map((name) => {
        const { median, p95 } = quantiles(times[name]);
        const ratio = median / quantiles(lines[0].times[name]).median;
        return `${name} ${median.toFixed(2)} / ${p95.toFixed(2)} (${ratio.toFixed(2)}x)`;
      });
      console.log(`${String(length).padStart(6)}  ${cells.join('   ')}`);
    }
    for (const { database } of lines) await database.close();
  }
} finally {
  await supervisor.stop();
  await rm(dataDir, { recursive: true, force: true });
}

/** A database of its own with so many waiting tasks, and the statistics Postgres would have gathered by itself. */
async function openLine(databaseUrl, length, tenants) {
  const url = new URL(databaseUrl);
  url.pathname = `/bench_${tenants}_${length}`;
  const admin = connectDatabase(databaseUrl, { applicationName: 'polyreel-bench' });
  await admin.prisma.$executeRawUnsafe(`CREATE DATABASE ${url.pathname.slice(1)}`);
  await admin.close();
  await migrate(url.href);
  const database = connectDatabase(url.href, { applicationName: 'polyreel-bench', statementTimeout: 60_000 });
  await database.prisma.$executeRaw`
    INSERT INTO task (id, public_id, tenant, dialect, kind, model, parameters, request, extras, max_attempts,
      attempts_per_run, created_at)
    SELECT gen_random_uuid(), 'task-' || n, 'tenant-' || n % ${tenants}::int, 'opea-videos', 't2v', 'preview', '{}', '{}',
      '{}', 3, 3, now() - (${length}::int - n) * interval '1 second'
    FROM generate_series(1, ${length}::int) AS n`;
  await database.prisma.$executeRaw`VACUUM ANALYZE task`;
  const times = { create: [], 'create with key': [], status: [], 'queue place': [] };
  return { length, database, store: new PrismaTaskStore(database.prisma), times };
}

async function measure({ database, store, times }, counts) {
  const timed = async (name, work) => {
    const start = performance.now();
    await work();
    if (counts) times[name].push(performance.now() - start);
  };
  const plain = aTask();
  await timed('create', () => store.create(plain, QUEUE_LIMIT));
  const keyed = aTask();
  const record = { key: randomUUID(), route: '/v1/videos', fingerprint: 'ab'.repeat(32), keepSeconds: 3600 };
  await timed('create with key', () => store.create(keyed, QUEUE_LIMIT, record));
  // The newest task of all is the one with the most before it.
  await timed('status', () => store.findByPublicId(scope, keyed.publicId));
  await timed('queue place', () => store.queuePlace(keyed.id, routes));
  await database.prisma.task.deleteMany({ where: { id: { in: [plain.id, keyed.id] } } });
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
