import type { Asset, BeatAnswer, Settlement, Task, TaskProgress } from '@polyreel/core';
import { assetFields, assetRows, assetValues } from './asset-sql.js';
import { Prisma, type PrismaClient } from './generated/client.js';
import { storableText } from './storable.js';
import { history, moving } from './task-move.js';
import { assetColumn, taskColumns, taskOf, type TaskRowWithAssets } from './task-row.js';

/** Condition on `t` under which an attempt still holds its task. */
function heldBy(taskId: string, attempt: number): Prisma.Sql {
  return Prisma.sql`t.id = ${taskId}::uuid AND t.attempt = ${attempt}::int AND t.state = 'running'`;
}

export async function claimTask(
  prisma: PrismaClient,
  taskId: string,
  attempt: number,
  leaseSeconds: number,
): Promise<Task | undefined> {
  const [row] = await prisma.$queryRaw<TaskRowWithAssets[]>`
    WITH changed AS (
      UPDATE task t SET
        state = 'running', attempt = t.attempt + 1, stage = 'fetching', step = 0, steps = 0, chunk = 0, chunks = 0,
        expected_end_at = NULL, delivered_at = NULL, not_before = NULL, started_at = coalesce(t.started_at, now()),
        lease_until = now() + make_interval(secs => ${leaseSeconds}::float8)
      WHERE t.id = ${taskId}::uuid AND t.state = 'queued' AND t.attempt = ${attempt}::int - 1
        AND (t.deadline IS NULL OR t.deadline > now())
      RETURNING t.*),
    ${history(Prisma.sql`'claimed'`)}
    SELECT ${taskColumns}, ${assetColumn} FROM changed t`;
  return row && taskOf(row);
}

/** Touches no indexed column, so that a beat costs one page. */
export async function beat(
  prisma: PrismaClient,
  taskId: string,
  attempt: number,
  progress: TaskProgress,
  leaseSeconds: number,
): Promise<BeatAnswer> {
  // An engine may divide by zero; NaN would be greater than anything.
  const fraction = Math.min(Math.max(progress.progress || 0, 0), 0.999);
  const [row] = await prisma.$queryRaw<{ cancelled: boolean }[]>`
    UPDATE task t SET
      stage = ${progress.stage}, progress = greatest(t.progress, ${fraction}::float8),
      step = ${progress.step}::int, steps = ${progress.steps}::int,
      chunk = ${progress.chunk}::int, chunks = ${progress.chunks}::int,
      expected_end_at = now() + make_interval(secs => ${progress.remainingSeconds ?? null}::float8),
      message = coalesce(nullif(${storableText(progress.message)}, ''), t.message),
      lease_until = now() + make_interval(secs => ${leaseSeconds}::float8)
    WHERE ${heldBy(taskId, attempt)}
    RETURNING t.cancel_requested_at IS NOT NULL AS cancelled`;
  if (!row) return 'lost';
  return row.cancelled ? 'cancel' : 'go';
}

/** Facts that are absent leave what the asset had: its URL and file name stay. */
export async function recordInput(
  prisma: PrismaClient,
  taskId: string,
  attempt: number,
  asset: Asset,
): Promise<boolean> {
  // The shared lock keeps the attempt from being taken away between the check and the write.
  const rows = await prisma.$queryRaw<unknown[]>`
    WITH held AS (SELECT t.id FROM task t WHERE ${heldBy(taskId, attempt)} FOR SHARE)
    INSERT INTO asset AS old (task_id, ${assetFields})
    SELECT held.id, ${assetValues} FROM held, ${assetRows([asset])}
    ON CONFLICT (task_id, role) DO UPDATE SET
      object_key = coalesce(excluded.object_key, old.object_key),
      source_url = coalesce(excluded.source_url, old.source_url),
      file_name = coalesce(excluded.file_name, old.file_name),
      media_type = coalesce(excluded.media_type, old.media_type),
      bytes = coalesce(excluded.bytes, old.bytes),
      sha256 = coalesce(excluded.sha256, old.sha256),
      facts = coalesce(excluded.facts, old.facts)
    RETURNING 1 AS recorded`;
  return rows.length > 0;
}

export async function settleTask(
  prisma: PrismaClient,
  taskId: string,
  attempt: number,
  settlement: Settlement,
): Promise<boolean> {
  const { state, outputs, error, notBefore, message } = settled(settlement);
  const work = settlement.state === 'succeeded' && settlement.work ? JSON.stringify(settlement.work) : null;
  const rows = await prisma.$queryRaw<unknown[]>`
    ${moving(
      Prisma.sql`
        SELECT t.id, ${state} AS state, ${error}, ${notBefore} AS not_before, ${message}::text AS message
        FROM task t WHERE ${heldBy(taskId, attempt)} FOR UPDATE`,
      Prisma.sql`, work = ${work}::json`,
    )},
    outputs AS (
      INSERT INTO asset (task_id, ${assetFields})
      SELECT changed.id, ${assetValues} FROM changed, ${assetRows(outputs)} ORDER BY a.place)
    SELECT 1 AS settled FROM changed`;
  return rows.length > 0;
}

/** What a settlement writes. A requested cancel turns everything but success into `cancelled`. */
function settled(settlement: Settlement) {
  const asked = Prisma.sql`t.cancel_requested_at IS NOT NULL`;
  const unlessAsked = (state: string) => Prisma.sql`CASE WHEN ${asked} THEN 'cancelled' ELSE ${state} END`;
  const none = {
    outputs: [] as readonly Asset[],
    error: Prisma.sql`NULL::text AS error_code, NULL::text AS error_text`,
    notBefore: Prisma.sql`NULL::timestamptz`,
    message: null as string | null,
  };
  switch (settlement.state) {
    case 'succeeded':
      return {
        ...none,
        state: Prisma.sql`'succeeded'`,
        outputs: settlement.outputs,
        message: storableText(settlement.message),
      };
    case 'cancelled':
      return { ...none, state: Prisma.sql`'cancelled'` };
    case 'failed':
      return {
        ...none,
        state: unlessAsked('failed'),
        error: Prisma.sql`
          CASE WHEN NOT ${asked} THEN ${settlement.code} END AS error_code,
          CASE WHEN NOT ${asked} THEN ${storableText(settlement.text)} END AS error_text`,
      };
    case 'queued':
      return {
        ...none,
        state: unlessAsked('queued'),
        notBefore: Prisma.sql`now() + make_interval(secs => ${settlement.delaySeconds}::float8)`,
        message: storableText(settlement.message),
      };
  }
}
