import {
  DuplicatePublicIdError,
  QueueFullError,
  type Asset,
  type Task,
  type TaskToCreate,
} from '@polyreel/core';
import { assetFields, assetRows, assetValues } from './asset-sql.js';
import { Prisma, type PrismaClient } from './generated/client.js';
import { storableJson, storableText } from './storable.js';
import { history } from './task-move.js';
import { taskColumns, taskWith, type TaskRow } from './task-row.js';

/**
 * Room that must be left for a task to be written without taking the tenant's
 * lock: more than a server usually allows connections, each of which could
 * hold one create the count cannot see yet.
 */
const safeDistance = 128;

/** Largest number of rows a LIMIT is given; a larger queue limit is no limit. */
const countable = 2 ** 31 - 1;

/** `close`: nothing was written, because only the tenant's lock can tell whether there is still room. */
type Outcome = 'created' | 'known' | 'full' | 'close';

/**
 * One statement, one round trip, unless the tenant's queue is nearly full;
 * then its creates go one after the other, so that the limit holds exactly.
 */
export async function createTask(
  prisma: PrismaClient,
  task: TaskToCreate,
  queueLimit: number,
): Promise<Task> {
  const limit = Math.min(Math.max(0, queueLimit), countable);
  let [row] = await insert(prisma, task, limit, limit - safeDistance);
  if (row?.outcome === 'close') {
    // The second statement sees what was committed before the lock was had.
    const [, inserted] = await prisma.$transaction([
      lockCreates(prisma, task),
      insert(prisma, task, limit, limit),
    ]);
    row = inserted[0];
  }
  if (row?.outcome === 'created') return taskWith(row, JSON.parse(storableJson(task.assets)) as Asset[]);
  if (row?.outcome === 'known') throw new DuplicatePublicIdError(task.publicId);
  throw new QueueFullError(queueLimit);
}

/** Held until the transaction ends, by one create of the tenant at a time. */
function lockCreates(prisma: PrismaClient, task: TaskToCreate) {
  return prisma.$queryRaw`
    SELECT pg_advisory_xact_lock(hashtextextended(${`polyreel create ${storableText(task.tenant)}`}, 0))::text`;
}

/** @param room number of unfinished tasks below which the task is written */
function insert(prisma: PrismaClient, task: TaskToCreate, limit: number, room: number) {
  const tenant = storableText(task.tenant);
  const publicId = storableText(task.publicId);
  const ttl = task.ttlSeconds ?? null;
  // ON CONFLICT covers a create of the same id that has not committed yet: this one waits for it and writes nothing.
  return prisma.$queryRaw<({ readonly outcome: Outcome } & TaskRow)[]>`
    WITH known AS (
      SELECT EXISTS (SELECT 1 FROM task WHERE tenant = ${tenant} AND public_id = ${publicId}) AS known),
    unfinished AS (
      SELECT count(*) AS tasks FROM (
        SELECT 1 FROM task WHERE tenant = ${tenant} AND state IN ('queued', 'running') LIMIT ${limit}::bigint
      ) AS counted),
    changed AS (
      INSERT INTO task (id, public_id, tenant, dialect, endpoint, kind, model, parameters, request, extras,
        max_attempts, attempts_per_run, priority, execution_timeout_seconds, ttl_seconds, deadline, webhook_url)
      SELECT ${task.id}::uuid, ${publicId}, ${tenant}, ${task.dialect}, ${storableText(task.endpoint)},
        ${task.kind}, ${storableText(task.model)}, ${JSON.stringify(task.parameters)}::json,
        ${JSON.stringify(task.request)}::json, ${storableJson(task.extras)}::json,
        ${task.maxAttempts}::int, ${task.maxAttempts}::int, ${task.priority}::int,
        ${task.executionTimeoutSeconds ?? null}::float8, ${ttl}::float8,
        now() + make_interval(secs => ${ttl}::float8), ${task.webhookUrl ? storableText(task.webhookUrl) : null}
      FROM unfinished, known WHERE unfinished.tasks < ${room}::bigint AND NOT known.known
      ON CONFLICT (tenant, public_id) DO NOTHING
      RETURNING *),
    assets AS (
      INSERT INTO asset (task_id, ${assetFields})
      SELECT changed.id, ${assetValues} FROM changed, ${assetRows(task.assets)} ORDER BY a.place),
    ${history(Prisma.sql`'created'`)}
    SELECT
      CASE WHEN t.id IS NOT NULL THEN 'created'
           WHEN known.known OR unfinished.tasks < ${room}::bigint THEN 'known'
           WHEN unfinished.tasks >= ${limit}::bigint THEN 'full' ELSE 'close' END AS outcome,
      ${taskColumns}
    FROM unfinished CROSS JOIN known LEFT JOIN changed t ON true`;
}
