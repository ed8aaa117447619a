import type { Delivery, DeliveryQuery } from '@polyreel/core';
import type { PrismaClient } from './generated/client.js';

/*
 * Fair order: higher priority first; within a priority the tenants take turns;
 * then age. A task's turn is its place among the waiting ones of its tenant,
 * plus one for each task of the tenant that already runs (or is on its way):
 * who has nothing running comes before who has.
 */

/** Reads the index of running tasks only. */
export async function countRunning(prisma: PrismaClient): Promise<number> {
  const [row] = await prisma.$queryRaw<{ tasks: number }[]>`
    SELECT count(*)::int AS tasks FROM task WHERE state = 'running'`;
  return row?.tasks ?? 0;
}

/**
 * Chooses in fair order among the tasks of the routes and marks them delivered.
 *
 * Hops from tenant to tenant through the index of waiting tasks and takes no
 * more than `depth` of each, so the cost is bounded by waiting tenants times
 * depth (and by waiting tasks nobody can run, which are stepped over).
 * Rows another dispatcher is just delivering are left to it.
 */
export async function pickForDelivery(
  prisma: PrismaClient,
  query: DeliveryQuery,
): Promise<readonly Delivery[]> {
  if (query.routes.length === 0 || query.depth <= 0) return [];
  const kinds = query.routes.map(({ kind }) => kind);
  const models = query.routes.map(({ model }) => model);
  const patience = query.redeliverAfterSeconds;
  return prisma.$queryRaw<Delivery[]>`
    WITH RECURSIVE
    route AS (SELECT DISTINCT kind, model FROM unnest(${kinds}::text[], ${models}::text[]) AS r(kind, model)),
    on_the_way AS (
      SELECT t.tenant FROM task t JOIN route USING (kind, model)
      WHERE t.state = 'queued' AND t.delivered_at > now() - make_interval(secs => ${patience}::float8)),
    taken AS (
      SELECT tenant, count(*) AS turns FROM (
        SELECT tenant FROM on_the_way
        UNION ALL
        SELECT t.tenant FROM task t JOIN route USING (kind, model) WHERE t.state = 'running'
      ) AS busy GROUP BY tenant),
    free AS (SELECT greatest(0, ${query.depth}::int - (SELECT count(*) FROM on_the_way)) AS slots),
    waiting_tenant(tenant) AS (
      (SELECT t.tenant FROM task t WHERE t.state = 'queued' ORDER BY t.tenant LIMIT 1)
      UNION ALL
      SELECT (SELECT t.tenant FROM task t WHERE t.state = 'queued' AND t.tenant > w.tenant
              ORDER BY t.tenant LIMIT 1)
      FROM waiting_tenant w WHERE w.tenant IS NOT NULL),
    candidate AS (
      SELECT own.id, own.priority, own.created_at, coalesce(taken.turns, 0) + own.place AS turn
      FROM waiting_tenant w
      CROSS JOIN LATERAL (
        SELECT t.id, t.priority, t.created_at,
          row_number() OVER (ORDER BY t.priority DESC, t.created_at, t.id) AS place
        FROM task t
        WHERE t.state = 'queued' AND t.tenant = w.tenant
          AND (t.kind, t.model) IN (SELECT kind, model FROM route)
          AND (t.not_before IS NULL OR t.not_before <= now())
          AND (t.deadline IS NULL OR t.deadline > now())
          AND t.cancel_requested_at IS NULL
          AND (t.delivered_at IS NULL OR t.delivered_at <= now() - make_interval(secs => ${patience}::float8))
        ORDER BY t.priority DESC, t.created_at, t.id LIMIT (SELECT slots FROM free)
      ) AS own
      LEFT JOIN taken ON taken.tenant = w.tenant),
    chosen AS (
      SELECT id, row_number() OVER (ORDER BY priority DESC, turn, created_at, id) AS place
      FROM candidate ORDER BY place LIMIT (SELECT slots FROM free)),
    locked AS (
      SELECT t.id, chosen.place FROM task t JOIN chosen ON chosen.id = t.id
      WHERE t.state = 'queued'
        AND (t.delivered_at IS NULL OR t.delivered_at <= now() - make_interval(secs => ${patience}::float8))
      FOR UPDATE OF t SKIP LOCKED),
    delivered AS (
      UPDATE task t SET delivered_at = now() FROM locked WHERE t.id = locked.id
      RETURNING t.id, t.attempt, t.kind, t.model, locked.place)
    SELECT id AS "taskId", attempt + 1 AS attempt, kind, model FROM delivered ORDER BY place`;
}
