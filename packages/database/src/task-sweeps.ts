import { taskErrors, type Swept, type Task } from '@polyreel/core';
import { Prisma, type PrismaClient } from './generated/client.js';
import { moving } from './task-move.js';
import { assetColumn, taskColumns, taskOf, type TaskRowWithAssets } from './task-row.js';

/** Rows of one sweep: keeps a statement and its locks short; the next sweep takes the rest. */
const batch = 1000;

/** A running task whose lease has passed has lost its worker. */
export function reclaimLostLeases(prisma: PrismaClient): Promise<Swept> {
  return sweep(
    prisma,
    Prisma.sql`
      SELECT t.id,
        CASE WHEN t.cancel_requested_at IS NOT NULL THEN 'cancelled'
             WHEN t.attempt < t.max_attempts THEN 'queued' ELSE 'failed' END AS state,
        CASE WHEN t.cancel_requested_at IS NULL AND t.attempt >= t.max_attempts
             THEN 'ENGINE_LOST' END AS error_code,
        CASE WHEN t.cancel_requested_at IS NULL AND t.attempt >= t.max_attempts
             THEN ${taskErrors.ENGINE_LOST.text} END AS error_text,
        now() AS not_before, NULL::text AS message
      FROM task t WHERE t.state = 'running' AND t.lease_until < now()
      LIMIT ${batch}::int FOR UPDATE SKIP LOCKED`,
  );
}

/** Waiting and running ones alike; the worker of a running one learns it from its next beat. */
export function expireOverdue(prisma: PrismaClient): Promise<Swept> {
  return sweep(
    prisma,
    Prisma.sql`
      SELECT t.id, CASE WHEN t.cancel_requested_at IS NOT NULL THEN 'cancelled' ELSE 'failed' END AS state,
        CASE WHEN t.cancel_requested_at IS NULL THEN 'EXPIRED' END AS error_code,
        CASE WHEN t.cancel_requested_at IS NULL THEN ${taskErrors.EXPIRED.text} END AS error_text,
        NULL::timestamptz AS not_before, NULL::text AS message
      FROM task t WHERE t.state IN ('queued', 'running') AND t.deadline IS NOT NULL AND t.deadline <= now()
      ORDER BY t.deadline LIMIT ${batch}::int FOR UPDATE SKIP LOCKED`,
  );
}

/** Of unfinished ones too: `expireOverdue` ends them at the same moment. */
export async function forgetSecrets(prisma: PrismaClient): Promise<number> {
  const rows = await prisma.$queryRaw<unknown[]>`
    UPDATE task SET sealed_secrets = NULL WHERE sealed_secrets IS NOT NULL AND deadline <= now()
    RETURNING 1 AS forgotten`;
  return rows.length;
}

/**
 * Retention. Rows go first, so that no link is signed to an object that is about to vanish.
 * Materialised, because a plan may run a plain subquery once per row, and with it the limit.
 */
export async function deleteEndedBefore(
  prisma: PrismaClient,
  seconds: number,
  limit: number,
): Promise<Task[]> {
  const rows = await prisma.$queryRaw<TaskRowWithAssets[]>`
    WITH ended AS MATERIALIZED (
      SELECT id FROM task
      WHERE state IN ('succeeded', 'failed', 'cancelled')
        AND finished_at < now() - make_interval(secs => ${seconds}::float8)
      ORDER BY finished_at LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)
    DELETE FROM task t USING ended WHERE t.id = ended.id
    RETURNING ${taskColumns}, ${assetColumn}`;
  return rows.map(taskOf);
}

async function sweep(prisma: PrismaClient, next: Prisma.Sql): Promise<Swept> {
  const rows = await prisma.$queryRaw<{ id: string; state: string }[]>`
    ${moving(next)} SELECT id, state FROM changed`;
  return {
    requeued: rows.filter(({ state }) => state === 'queued').map(({ id }) => id),
    ended: rows.filter(({ state }) => state !== 'queued').map(({ id }) => id),
  };
}
