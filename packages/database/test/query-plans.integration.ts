import { aTaskToCreate } from '@polyreel/testkit';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import type { PrismaClient } from '../src/generated/client.js';
import { PrismaTaskStore } from '../src/index.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

/*
 * Twenty thousand tasks, most of them ended, in the proportions of a busy
 * server, and as many of one tenant that has been here for long. Every statement of the store is explained before it runs, with the
 * arguments it really has.
 */
let database: TestDatabase;
let store: PrismaTaskStore;
let explainer: pg.Client;
let plans: string[] = [];
const scope = { tenant: 'tenant-1', dialect: 'lightx2v' } as const;
const veteran = { ...scope, tenant: 'veteran' };

beforeAll(async () => {
  database = await openTestDatabase(inject('databaseUrl'));
  // Statistics are those of the one ANALYZE below, not of whatever autovacuum finds in the middle of the tests.
  for (const table of ['task', 'asset', 'task_event', 'idempotency_key'])
    await database.prisma.$executeRawUnsafe(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
  await database.prisma.$executeRaw`
    INSERT INTO task (id, public_id, tenant, dialect, endpoint, kind, model, parameters, request, extras,
      max_attempts, attempts_per_run, state, stage, lease_until, started_at, finished_at, deadline, delivered_at, error_code,
      created_at)
    SELECT gen_random_uuid(), 'task-' || n, CASE WHEN n > 20000 THEN 'veteran' ELSE 'tenant-' || n % 41 END, 'lightx2v', 'endpoint-' || n % 3, 'talk',
      CASE WHEN n % 50 = 1 THEN 'rare' ELSE 'preview' END,
      '{}', '{}', '{}', 3, 3, state, CASE WHEN state = 'running' THEN 'generating' END,
      CASE WHEN state = 'running' THEN now() + interval '1 minute' END,
      CASE WHEN state NOT IN ('queued') THEN now() - interval '1 hour' END,
      CASE WHEN state NOT IN ('queued', 'running') THEN now() END,
      CASE WHEN n % 3 = 0 THEN now() + interval '1 day' END,
      CASE WHEN state = 'queued' AND n % 1000 = 0 THEN now() END,
      CASE WHEN state = 'failed' THEN 'INTERNAL' END,
      now() - n * interval '1 second'
    FROM (SELECT n, CASE WHEN n > 20000 THEN 'succeeded' WHEN n % 20 = 0 THEN 'queued' WHEN n % 501 = 0 THEN 'running' WHEN n % 7 = 0 THEN 'failed'
      ELSE 'succeeded' END AS state FROM generate_series(1, 40000) AS n) AS made`;
  await database.prisma.$executeRaw`
    INSERT INTO idempotency_key (tenant, route, key, request_hash, task_id, expires_at)
    SELECT tenant, '/v1/tasks', replace(public_id, 'task', 'key'), '\\x00', id, now() + interval '1 hour'
    FROM task WHERE tenant = 'tenant-1' OR state = 'failed'`;
  await database.prisma.$executeRaw`
    INSERT INTO idempotency_key (tenant, route, key, request_hash, task_id, expires_at)
    SELECT 'tenant-1', '/v1/tasks', 'key-7', '\\x00', id, now() + interval '1 hour' FROM task LIMIT 1`;
  await database.prisma.$executeRaw`VACUUM ANALYZE task, idempotency_key`;
  explainer = new pg.Client({ connectionString: database.url });
  await explainer.connect();
  const explaining = database.prisma.$extends({
    query: {
      async $queryRaw({ args, query }) {
        const { rows } = await explainer.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${args.text}`, args.values);
        plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
        return query(args);
      },
    },
  });
  // An extended client is the same at run time, but another type.
  store = new PrismaTaskStore(explaining as unknown as PrismaClient);
});
afterAll(async () => {
  await explainer.end();
  await database.drop();
});
beforeEach(() => {
  plans = [];
});

async function oneOf(
  state: string,
  where: object = scope,
): Promise<{ id: string; publicId: string; attempt: number }> {
  const task = await database.prisma.task.findFirst({ where: { ...where, state } });
  expect(task).not.toBeNull();
  return task!;
}

const record = (key: string) => ({ key, route: '/v1/tasks', fingerprint: '00', keepSeconds: 60 });
const page = { order: 'newest-first', limit: 20 } as const;
const progress = {
  stage: 'loading',
  progress: 0,
  step: 0,
  steps: 0,
  chunk: 0,
  chunks: 0,
  message: '',
} as const;
const pick = { routes: [{ kind: 'talk', model: 'preview' }], depth: 8, redeliverAfterSeconds: 30 } as const;

/** Which index finds few tasks of a state depends on the sample Postgres drew; what counts is that the state does. */
const byState = 'task_(queued|running|unfinished)|Index Cond: .*state = ';

it.each<[string, string, () => Promise<unknown>]>([
  ['create', 'task_unfinished', () => store.create(aTaskToCreate(scope), 10_000)],
  ['find', 'task_pkey', async () => store.find((await oneOf('succeeded')).id)],
  [
    'findByPublicId',
    'task_tenant_public_id_key',
    async () => store.findByPublicId(scope, (await oneOf('succeeded')).publicId),
  ],
  ['findByResultPath', 'task_result_path', () => store.findByResultPath(scope, ['out/a.mp4', 'b.mp4'])],
  [
    'findByResultPath in a long history',
    'task_result_path',
    () => store.findByResultPath(veteran, ['out/a.mp4', 'b.mp4']),
  ],
  ['list', 'task_tenant_dialect_created_at_id_idx', () => store.list(scope, page)],
  [
    'list after a cursor',
    'task_tenant_dialect_created_at_id_idx',
    async () => store.list(scope, { ...page, after: (await oneOf('succeeded')).publicId }),
  ],
  ['list of what runs', byState, () => store.list(veteran, { ...page, states: ['running'] })],
  ['countByState', 'task_tenant_dialect_endpoint_state_idx', () => store.countByState(scope)],
  [
    'countByState of an endpoint',
    'task_tenant_dialect_endpoint_state_idx',
    () => store.countByState({ ...scope, endpoint: 'endpoint-1' }),
  ],
  [
    'countByState of an endpoint up to a number',
    'Limit [^\\n]*\\n +->  Index Only Scan using task_tenant_dialect_endpoint_state_idx',
    () => store.countByState({ ...scope, endpoint: 'endpoint-1' }, undefined, 100),
  ],
  [
    'countByState of what is unfinished in a long history',
    byState,
    () => store.countByState(veteran, ['queued', 'running']),
  ],
  ['queueOf', byState, () => store.queueOf(scope, 1000)],
  ['queueOf in a long history', byState, () => store.queueOf(veteran, 1000)],
  ['countRetried', 'task_retried', () => store.countRetried({ ...scope, endpoint: 'endpoint-1' })],
  ['recentRuns', 'task_succeeded', () => store.recentRuns('talk', 'rare')],
  ['queuePlace', 'task_queued', async () => store.queuePlace((await oneOf('queued')).id, pick.routes)],
  [
    'create under a key',
    'idempotency_key_pkey',
    () => store.create(aTaskToCreate(scope), 10_000, record('new')),
  ],
  [
    'create again under a key',
    'idempotency_key_pkey',
    () => store.create(aTaskToCreate(scope), 10_000, record('key-7')),
  ],
  ['findRepeated', 'idempotency_key_pkey', () => store.findRepeated('tenant-1', record('key-7'))],
  ['forgetExpiredKeys', 'idempotency_key_expires_at_idx', () => store.forgetExpiredKeys()],
  ['countRunning', 'task_running', async () => store.countRunning()],
  ['pickForDelivery', 'task_queued', () => store.pickForDelivery(pick)],
  ['claim', 'task_pkey', async () => store.claim((await oneOf('queued')).id, 1, 30)],
  [
    'beat',
    'task_pkey',
    async () => {
      const { id, attempt } = await oneOf('running', {});
      return store.beat(id, attempt, progress, 30);
    },
  ],
  [
    'recordInput',
    'task_pkey',
    async () => {
      const { id, attempt } = await oneOf('running', {});
      return store.recordInput(id, attempt, { role: 'image', objectKey: 'x' });
    },
  ],
  [
    'settle',
    'task_pkey',
    async () => {
      const { id, attempt } = await oneOf('running', {});
      return store.settle(id, attempt, { state: 'cancelled' });
    },
  ],
  [
    'requestCancel',
    'task_tenant_public_id_key',
    async () => store.requestCancel(scope, (await oneOf('queued')).publicId),
  ],
  ['cancelQueued', byState, () => store.cancelQueued(scope)],
  [
    'changeTimeToLive',
    'task_tenant_public_id_key',
    async () => store.changeTimeToLive(scope, (await oneOf('failed')).publicId, 60),
  ],
  [
    'retryFailed',
    'task_tenant_public_id_key',
    async () => store.retryFailed(scope, (await oneOf('failed')).publicId),
  ],
  [
    'deleteEnded',
    'task_tenant_public_id_key',
    async () => store.deleteEnded(scope, (await oneOf('succeeded')).publicId),
  ],
  ['deleteEndedBefore', 'task_ended', () => store.deleteEndedBefore(86_400, 100)],
  ['reclaimLostLeases', 'task_running', () => store.reclaimLostLeases()],
  ['forgetSecrets', 'task_sealed', () => store.forgetSecrets()],
  ['expireOverdue', 'task_deadline', () => store.expireOverdue()],
])('%s reads %s and never the whole table', async (_name, index, run) => {
  await run();
  expect(plans.length).toBeGreaterThan(0);
  for (const plan of plans) {
    expect(plan).toMatch(new RegExp(index));
    expect(plan).not.toMatch(/Seq Scan on (task|asset|task_event|idempotency_key)\b/);
  }
});
