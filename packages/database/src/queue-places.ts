import type { DeliveryQuery, QueuePlace } from '@polyreel/core';
import { Prisma, type PrismaClient } from './generated/client.js';
import { LineSummary, type OwnPlace } from './line-summary.js';
import { storableText } from './storable.js';

type Routes = DeliveryQuery['routes'];

/** Waiting tasks up to which places are counted one by one. */
const SHORT_LINE = 1000;

/** Milliseconds a summary of the line is used. */
const SUMMARY_MILLISECONDS = 1_000;

/**
 * Places in the line. In a short line they are exact. In a long one only the tasks of the same tenant are counted,
 * of which a queue limit allows so many; the others are taken from a summary that is read once a second at most. So
 * creating a task and asking for it cost the same however long the line is.
 */
export class QueuePlaces {
  #summary: { readonly until: number; readonly line: Promise<LineSummary> } | undefined;

  constructor(
    private readonly prisma: PrismaClient,
    private readonly shortLine = SHORT_LINE,
  ) {}

  /** Undefined when the task is not queued. */
  async of(taskId: string, routes: Routes): Promise<QueuePlace | undefined> {
    const line = await this.#line();
    if (line.waiting <= this.shortLine) return exactPlace(this.prisma, taskId, routes);
    const own = await ownPlace(this.prisma, taskId, routes);
    return own && line.placeOf(own, routes);
  }

  #line(): Promise<LineSummary> {
    const now = performance.now();
    if (this.#summary && this.#summary.until > now) return this.#summary.line;
    const line = LineSummary.read(this.prisma);
    this.#summary = { until: now + SUMMARY_MILLISECONDS, line };
    line.catch(() => (this.#summary = undefined));
    return line;
  }
}

async function exactPlace(
  prisma: PrismaClient,
  taskId: string,
  routes: Routes,
): Promise<QueuePlace | undefined> {
  const [row] = await prisma.$queryRaw<QueuePlace[]>`
    WITH busy AS (SELECT t.tenant, ${isRouted(routes)} AS routed FROM task t WHERE t.state = 'running'),
    taken AS (SELECT tenant, count(*) AS turns FROM busy GROUP BY tenant),
    line AS (
      SELECT t.id, t.priority, t.created_at, ${isRouted(routes)} AS routed,
        coalesce(taken.turns, 0) + row_number() OVER (
          PARTITION BY t.tenant ORDER BY t.priority DESC, t.created_at, t.id) AS turn
      FROM task t LEFT JOIN taken ON taken.tenant = t.tenant WHERE t.state = 'queued')
    SELECT count(earlier.id)::int AS position, count(earlier.id) FILTER (WHERE earlier.routed)::int AS "onRoutes",
      (SELECT count(*)::int FROM busy WHERE busy.routed) AS running
    FROM line own LEFT JOIN line earlier ON earlier.priority > own.priority OR (
      earlier.priority = own.priority
      AND (earlier.turn, earlier.created_at, earlier.id) < (own.turn, own.created_at, own.id))
    WHERE own.id = ${taskId}::uuid GROUP BY own.id`;
  return row;
}

async function ownPlace(prisma: PrismaClient, taskId: string, routes: Routes): Promise<OwnPlace | undefined> {
  const [row] = await prisma.$queryRaw<OwnPlace[]>`
    SELECT own.tenant, own.priority, before.tasks, before.routed
    FROM task own CROSS JOIN LATERAL (
      SELECT count(*)::int AS tasks, count(*) FILTER (WHERE ${isRouted(routes)})::int AS routed
      FROM task t WHERE t.state = 'queued' AND t.tenant = own.tenant AND t.priority >= own.priority
        AND (t.priority > own.priority OR (t.created_at, t.id) < (own.created_at, own.id))) AS before
    WHERE own.id = ${taskId}::uuid AND own.state = 'queued'`;
  return row;
}

/** Condition on a task named `t`. */
function isRouted(routes: Routes): Prisma.Sql {
  if (routes.length === 0) return Prisma.sql`false`;
  const pairs = routes.map(({ kind, model }) => Prisma.sql`(${kind}::text, ${storableText(model)}::text)`);
  return Prisma.sql`(t.kind, t.model) IN (${Prisma.join(pairs)})`;
}
