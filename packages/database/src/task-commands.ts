import { outputRoles, type CancelOutcome, type Task, type TaskScope } from '@polyreel/core';
import { Prisma, type PrismaClient } from './generated/client.js';
import { history, moving, nothingElse } from './task-move.js';
import { assetColumn, taskColumns, taskOf, type TaskRowWithAssets } from './task-row.js';
import { inScope, withPublicId } from './task-scope.js';

/*
 * What clients ask of their tasks. Each is one statement on the newest version
 * of the row, so a claim or a settlement at the same instant comes wholly
 * before or wholly after.
 */

export async function requestCancel(
  prisma: PrismaClient,
  scope: TaskScope,
  publicId: string,
): Promise<CancelOutcome> {
  const [row] = await prisma.$queryRaw<{ state: string | null; known: boolean }[]>`
    WITH changed AS (
      UPDATE task t SET
        cancel_requested_at = coalesce(t.cancel_requested_at, now()),
        state = CASE WHEN t.state = 'queued' THEN 'cancelled' ELSE t.state END,
        finished_at = CASE WHEN t.state = 'queued' THEN now() END,
        sealed_secrets = CASE WHEN t.state = 'running' THEN t.sealed_secrets END,
        delivered_at = NULL
      WHERE ${withPublicId(scope, publicId)} AND t.state IN ('queued', 'running')
      RETURNING t.*),
    history AS (
      INSERT INTO task_event (task_id, type, attempt)
      SELECT id, CASE state WHEN 'running' THEN 'cancel_requested' ELSE state END, attempt FROM changed
      -- Only the first request is history.
      WHERE cancel_requested_at = now()),
    webhook AS (
      INSERT INTO webhook_delivery (task_id, url, event)
      SELECT id, webhook_url, state FROM changed WHERE webhook_url IS NOT NULL AND finished_at IS NOT NULL)
    SELECT (SELECT state FROM changed) AS state,
      EXISTS (SELECT 1 FROM task t WHERE ${withPublicId(scope, publicId)}) AS known`;
  if (row?.state) return row.state === 'running' ? 'requested' : 'cancelled';
  return row?.known ? 'finished' : 'unknown';
}

/** Locks in the order of ids, so that two of these cannot wait for each other. */
export async function cancelQueued(prisma: PrismaClient, scope: TaskScope): Promise<number> {
  const [row] = await prisma.$queryRaw<{ tasks: number }[]>`
    ${moving(Prisma.sql`
      SELECT t.id, 'cancelled' AS state, ${nothingElse}
      FROM task t WHERE ${inScope(scope)} AND t.state = 'queued' ORDER BY t.id FOR UPDATE`)}
    SELECT count(*)::int AS tasks FROM changed`;
  return row?.tasks ?? 0;
}

/** Assets and history go with the row; the assets are read before they do. */
export async function deleteEnded(
  prisma: PrismaClient,
  scope: TaskScope,
  publicId: string,
): Promise<Task | undefined> {
  const [row] = await prisma.$queryRaw<TaskRowWithAssets[]>`
    DELETE FROM task t
    WHERE ${withPublicId(scope, publicId)} AND t.state IN ('succeeded', 'failed', 'cancelled')
    RETURNING ${taskColumns}, ${assetColumn}`;
  return row && taskOf(row);
}

/** Also for ended tasks: dialects hide a result whose time is over. */
export async function changeTimeToLive(
  prisma: PrismaClient,
  scope: TaskScope,
  publicId: string,
  seconds: number,
): Promise<boolean> {
  const changed = await prisma.$queryRaw<unknown[]>`
    UPDATE task t SET ttl_seconds = ${seconds}::float8, deadline = now() + make_interval(secs => ${seconds}::float8)
    WHERE ${withPublicId(scope, publicId)} AND (t.deadline IS NULL OR t.deadline > now())
    RETURNING 1 AS changed`;
  return changed.length > 0;
}

/** Attempts go on counting, since their numbers fence and name objects; the budget grows by one run. */
export async function retryFailed(
  prisma: PrismaClient,
  scope: TaskScope,
  publicId: string,
): Promise<boolean> {
  const rows = await prisma.$queryRaw<unknown[]>`
    WITH changed AS (
      UPDATE task t SET
        state = 'queued', finished_at = NULL, error_code = NULL, error_text = NULL, message = '',
        progress = 0, step = 0, steps = 0, chunk = 0, chunks = 0,
        started_at = NULL, not_before = NULL, delivered_at = NULL, cancel_requested_at = NULL,
        max_attempts = t.attempt + t.attempts_per_run,
        deadline = now() + make_interval(secs => t.ttl_seconds)
      WHERE ${withPublicId(scope, publicId)} AND t.state = 'failed'
      RETURNING t.*),
    ${history(Prisma.sql`'retried'`)},
    dropped AS (
      DELETE FROM asset USING changed
      WHERE asset.task_id = changed.id AND asset.role = ANY(${[...outputRoles]}::text[]))
    SELECT 1 AS retried FROM changed`;
  return rows.length > 0;
}
