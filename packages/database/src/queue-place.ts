import type { DeliveryQuery, QueuePlace } from '@polyreel/core';
import type { PrismaClient } from './generated/client.js';
import { storableText } from './storable.js';

/**
 * Counts what is before a task, by the index of waiting tasks alone: within each tenant that is the beginning of its
 * own line, which ends where the turns pass the task's. So nothing behind the task is read, and no task itself.
 */
export async function queuePlace(
  prisma: PrismaClient,
  taskId: string,
  routes: DeliveryQuery['routes'],
): Promise<QueuePlace | undefined> {
  const kinds = routes.map(({ kind }) => kind);
  const models = routes.map(({ model }) => storableText(model));
  const [row] = await prisma.$queryRaw<QueuePlace[]>`
    WITH RECURSIVE
    route AS (SELECT DISTINCT kind, model FROM unnest(${kinds}::text[], ${models}::text[]) AS r(kind, model)),
    busy AS (SELECT t.tenant, (t.kind, t.model) IN (SELECT kind, model FROM route) AS routed
      FROM task t WHERE t.state = 'running'),
    taken AS (SELECT tenant, count(*) AS turns FROM busy GROUP BY tenant),
    self AS (
      SELECT t.id, t.tenant, t.priority, t.created_at FROM task t
      WHERE t.id = ${taskId}::uuid AND t.state = 'queued'),
    own AS (
      SELECT self.*, mine.tasks, mine.routed, coalesce(taken.turns, 0) + mine.tasks + 1 AS turn
      FROM self LEFT JOIN taken ON taken.tenant = self.tenant
      CROSS JOIN LATERAL (
        SELECT count(*) AS tasks, count(*) FILTER (WHERE (t.kind, t.model) IN (SELECT kind, model FROM route)) AS routed
        FROM task t WHERE t.state = 'queued' AND t.tenant = self.tenant AND t.priority >= self.priority
          AND (t.priority > self.priority OR (t.created_at, t.id) < (self.created_at, self.id))) AS mine),
    waiting_tenant(tenant) AS (
      (SELECT t.tenant FROM task t WHERE t.state = 'queued' ORDER BY t.tenant LIMIT 1)
      UNION ALL
      SELECT (SELECT t.tenant FROM task t WHERE t.state = 'queued' AND t.tenant > w.tenant
              ORDER BY t.tenant LIMIT 1)
      FROM waiting_tenant w WHERE w.tenant IS NOT NULL),
    rival AS (
      SELECT w.tenant, coalesce(taken.turns, 0) AS turns, urgent.tasks, urgent.routed
      FROM own JOIN waiting_tenant w ON w.tenant <> own.tenant LEFT JOIN taken ON taken.tenant = w.tenant
      CROSS JOIN LATERAL (
        SELECT count(*) AS tasks, count(*) FILTER (WHERE (t.kind, t.model) IN (SELECT kind, model FROM route)) AS routed
        FROM task t WHERE t.state = 'queued' AND t.tenant = w.tenant AND t.priority > own.priority) AS urgent),
    before AS (
      SELECT own.tasks, own.routed FROM own
      UNION ALL SELECT rival.tasks, rival.routed FROM rival
      UNION ALL
      SELECT equal.tasks, equal.routed FROM own CROSS JOIN rival CROSS JOIN LATERAL (
        SELECT count(*) AS tasks,
          count(*) FILTER (WHERE (line.kind, line.model) IN (SELECT kind, model FROM route)) AS routed
        FROM (
          SELECT t.kind, t.model, t.created_at, t.id,
            rival.turns + rival.tasks + row_number() OVER (ORDER BY t.created_at, t.id) AS turn
          FROM task t
          WHERE t.state = 'queued' AND t.tenant = rival.tenant AND t.priority = own.priority
          ORDER BY t.created_at, t.id LIMIT greatest(0, own.turn - rival.turns - rival.tasks)) AS line
        WHERE (line.turn, line.created_at, line.id) < (own.turn, own.created_at, own.id)) AS equal)
    SELECT sum(before.tasks)::int AS position, sum(before.routed)::int AS "onRoutes",
      (SELECT count(*)::int FROM busy WHERE busy.routed) AS running
    FROM before HAVING count(*) > 0`;
  return row;
}
