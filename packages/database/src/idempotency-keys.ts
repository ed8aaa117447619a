import { IdempotencyKeyReusedError, type IdempotencyRecord, type Task } from '@polyreel/core';
import { Prisma, type PrismaClient } from './generated/client.js';
import { storableText } from './storable.js';
import { assetColumn, taskColumns, taskOf, type TaskRowWithAssets } from './task-row.js';

/** Keys removed at a time: keeps the statement and its locks short; the next sweep takes the rest. */
const batch = 1000;

/** Condition on a key named `k`, also when it is past its time. */
export function heldUnder(tenant: string, { route, key }: IdempotencyRecord): Prisma.Sql {
  return Prisma.sql`
    k.tenant = ${storableText(tenant)} AND k.route = ${storableText(route)} AND k.key = ${storableText(key)}`;
}

/** @throws IdempotencyKeyReusedError */
export async function findRepeatedTask(
  prisma: PrismaClient,
  tenant: string,
  record: IdempotencyRecord,
): Promise<Task | undefined> {
  const [row] = await prisma.$queryRaw<({ readonly same: boolean } & TaskRowWithAssets)[]>`
    SELECT k.request_hash = decode(${record.fingerprint}, 'hex') AS same, ${taskColumns}, ${assetColumn}
    FROM idempotency_key k JOIN task t ON t.id = k.task_id
    WHERE ${heldUnder(tenant, record)} AND k.expires_at > now()`;
  if (row && !row.same) throw new IdempotencyKeyReusedError(record.key);
  return row && taskOf(row);
}

/**
 * Table expression `key_taken`: one row when the key is now that of the task, none when another request has it. A
 * request that came a moment earlier is waited for, until its transaction has ended. A key past its time is taken over.
 * @param source from which the key is taken only if it has a row
 */
export function takingKey(
  tenant: string,
  taskId: string,
  record: IdempotencyRecord,
  source: Prisma.Sql,
): Prisma.Sql {
  return Prisma.sql`
    key_taken AS (
      INSERT INTO idempotency_key AS k (tenant, route, key, request_hash, task_id, expires_at)
      SELECT ${storableText(tenant)}, ${storableText(record.route)}, ${storableText(record.key)},
        decode(${record.fingerprint}, 'hex'), ${taskId}::uuid,
        now() + make_interval(secs => ${record.keepSeconds}::float8)
      FROM ${source}
      ON CONFLICT (tenant, route, key) DO UPDATE SET
        request_hash = excluded.request_hash, task_id = excluded.task_id, created_at = excluded.created_at,
        expires_at = excluded.expires_at
      WHERE k.expires_at <= now()
      RETURNING 1)`;
}

export async function forgetExpiredKeys(prisma: PrismaClient): Promise<number> {
  const rows = await prisma.$queryRaw<unknown[]>`
    WITH expired AS MATERIALIZED (
      SELECT k.tenant, k.route, k.key FROM idempotency_key k WHERE k.expires_at <= now()
      ORDER BY k.expires_at LIMIT ${batch}::int FOR UPDATE SKIP LOCKED)
    DELETE FROM idempotency_key i USING expired
    WHERE i.tenant = expired.tenant AND i.route = expired.route AND i.key = expired.key
    RETURNING 1 AS forgotten`;
  return rows.length;
}
