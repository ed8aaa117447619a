import {
  DuplicatePublicIdError,
  QueueFullError,
  type Asset,
  type IdempotencyRecord,
  type Task,
  type TaskToCreate,
} from '@polyreel/core';
import { assetFields, assetRows, assetValues } from './asset-sql.js';
import { Prisma, type PrismaClient } from './generated/client.js';
import { findRepeatedTask, heldUnder, takingKey } from './idempotency-keys.js';
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

/**
 * `close`: nothing was written, because only the tenant's lock can tell whether there is still room.
 * `repeated`: nothing was written, because an earlier request has the idempotency key.
 */
type Outcome = 'created' | 'repeated' | 'known' | 'full' | 'close';

/** Constraint that fails when a task was not written but its key was. */
const KEY_WITHOUT_TASK = 'idempotency_key_task_id_fkey';

/**
 * One statement, one round trip, unless the tenant's queue is nearly full;
 * then its creates go one after the other, so that the limit holds exactly.
 */
export async function createTask(
  prisma: PrismaClient,
  task: TaskToCreate,
  queueLimit: number,
  record?: IdempotencyRecord,
): Promise<Task> {
  const row = await insertWithin(prisma, task, Math.min(Math.max(0, queueLimit), countable), record);
  if (row?.outcome === 'created') return taskWith(row, JSON.parse(storableJson(task.assets)) as Asset[]);
  if (row?.outcome === 'repeated') {
    const earlier = await findRepeatedTask(prisma, task.tenant, record!);
    // Its task may have been deleted in between, and the key with it: then this request is the first again.
    return earlier ?? createTask(prisma, task, queueLimit, record);
  }
  if (row?.outcome === 'known') throw new DuplicatePublicIdError(task.publicId);
  throw new QueueFullError(queueLimit);
}

async function insertWithin(
  prisma: PrismaClient,
  task: TaskToCreate,
  limit: number,
  record: IdempotencyRecord | undefined,
) {
  try {
    const [row] = await insert(prisma, task, limit, limit - safeDistance, record);
    if (row?.outcome !== 'close') return row;
    // The second statement sees what was committed before the lock was had.
    const [, inserted] = await prisma.$transaction([
      lockCreates(prisma, task),
      insert(prisma, task, limit, limit, record),
    ]);
    return inserted[0];
  } catch (error) {
    // A create of the same public id under another key was a moment faster; nothing of this one was written.
    if (String(error).includes(KEY_WITHOUT_TASK)) throw new DuplicatePublicIdError(task.publicId);
    throw error;
  }
}

/** Held until the transaction ends, by one create of the tenant at a time. */
function lockCreates(prisma: PrismaClient, task: TaskToCreate) {
  return prisma.$queryRaw`
    SELECT pg_advisory_xact_lock(hashtextextended(${`polyreel create ${storableText(task.tenant)}`}, 0))::text`;
}

/** @param room number of unfinished tasks below which the task is written */
function insert(
  prisma: PrismaClient,
  task: TaskToCreate,
  limit: number,
  room: number,
  record: IdempotencyRecord | undefined,
) {
  const tenant = storableText(task.tenant);
  const publicId = storableText(task.publicId);
  const ttl = task.ttlSeconds ?? null;
  const { earlier, taken, isTaken } = keyClauses(task, record);
  const admitted = Prisma.sql`unfinished.tasks < ${room}::bigint AND NOT known.known AND NOT earlier.earlier`;
  // ON CONFLICT covers a create of the same id that has not committed yet: this one waits for it and writes nothing.
  return prisma.$queryRaw<({ readonly outcome: Outcome } & TaskRow)[]>`
    WITH known AS (
      SELECT EXISTS (SELECT 1 FROM task WHERE tenant = ${tenant} AND public_id = ${publicId}) AS known),
    earlier AS (SELECT ${earlier} AS earlier),
    unfinished AS (
      SELECT count(*) AS tasks FROM (
        SELECT 1 FROM task WHERE tenant = ${tenant} AND state IN ('queued', 'running') LIMIT ${limit}::bigint
      ) AS counted),
    admission AS (SELECT 1 FROM unfinished, known, earlier WHERE ${admitted}),
    ${taken}
    changed AS (
      INSERT INTO task (id, public_id, tenant, dialect, endpoint, kind, model, parameters, request, extras,
        max_attempts, attempts_per_run, priority, execution_timeout_seconds, ttl_seconds, deadline, webhook_url, sealed_secrets)
      SELECT ${task.id}::uuid, ${publicId}, ${tenant}, ${task.dialect}, ${storableText(task.endpoint)},
        ${task.kind}, ${storableText(task.model)}, ${JSON.stringify(task.parameters)}::json,
        ${JSON.stringify(task.request)}::json, ${storableJson(task.extras)}::json,
        ${task.maxAttempts}::int, ${task.maxAttempts}::int, ${task.priority}::int,
        ${task.executionTimeoutSeconds ?? null}::float8, ${ttl}::float8,
        now() + make_interval(secs => ${ttl}::float8), ${task.webhookUrl ? storableText(task.webhookUrl) : null},
        ${task.sealedSecrets ?? null}
      FROM admission WHERE ${isTaken}
      ON CONFLICT (tenant, public_id) DO NOTHING
      RETURNING *),
    assets AS (
      INSERT INTO asset (task_id, ${assetFields})
      SELECT changed.id, ${assetValues} FROM changed, ${assetRows(task.assets)} ORDER BY a.place),
    ${history(Prisma.sql`'created'`)}
    SELECT
      CASE WHEN t.id IS NOT NULL THEN 'created'
           WHEN earlier.earlier OR (EXISTS (SELECT 1 FROM admission) AND NOT ${isTaken}) THEN 'repeated'
           WHEN known.known OR unfinished.tasks < ${room}::bigint THEN 'known'
           WHEN unfinished.tasks >= ${limit}::bigint THEN 'full' ELSE 'close' END AS outcome,
      ${taskColumns}
    FROM unfinished CROSS JOIN known CROSS JOIN earlier LEFT JOIN changed t ON true`;
}

/** Parts of the statement for requests that name a key; for others they say that nothing stands in the way. */
function keyClauses(task: TaskToCreate, record: IdempotencyRecord | undefined) {
  if (!record) return { earlier: Prisma.sql`false`, taken: Prisma.empty, isTaken: Prisma.sql`true` };
  return {
    earlier: Prisma.sql`EXISTS (
      SELECT 1 FROM idempotency_key k WHERE ${heldUnder(task.tenant, record)} AND k.expires_at > now())`,
    taken: Prisma.sql`${takingKey(task.tenant, task.id, record, Prisma.sql`admission`)},`,
    isTaken: Prisma.sql`EXISTS (SELECT 1 FROM key_taken)`,
  };
}
