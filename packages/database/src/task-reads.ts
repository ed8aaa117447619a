import {
  isTerminal,
  taskStates,
  type PastRun,
  type ScopeQueue,
  type Task,
  type TaskKind,
  type TaskListQuery,
  type TaskPage,
  type TaskScope,
  type TaskState,
  type Work,
} from '@polyreel/core';
import { Prisma, type PrismaClient } from './generated/client.js';
import { storableText } from './storable.js';
import { assetColumn, taskColumns, taskOf, type TaskRowWithAssets } from './task-row.js';
import { inScope, withPublicId } from './task-scope.js';

export function findTask(prisma: PrismaClient, taskId: string): Promise<Task | undefined> {
  return findOne(prisma, Prisma.sql`t.id = ${taskId}::uuid`);
}

export function findTaskByPublicId(
  prisma: PrismaClient,
  scope: TaskScope,
  publicId: string,
): Promise<Task | undefined> {
  return findOne(prisma, withPublicId(scope, publicId));
}

/**
 * Several tasks may have wished the same path; the last one has it, as if it had overwritten the file. Each path is looked
 * up by itself: asked for the newest under any of them, Postgres reads the history of the scope from its end instead.
 */
export async function findTaskByResultPath(
  prisma: PrismaClient,
  scope: TaskScope,
  paths: readonly string[],
): Promise<Task | undefined> {
  return findOne(
    prisma,
    Prisma.sql`t.id = (
      SELECT newest.id FROM unnest(${paths.map(storableText)}::text[]) AS wished(path) CROSS JOIN LATERAL (
        SELECT t.id, t.created_at FROM task t
        WHERE ${inScope(scope)} AND t.extras->>'save_result_path' = wished.path
        ORDER BY t.created_at DESC LIMIT 1) AS newest
      ORDER BY newest.created_at DESC LIMIT 1)`,
  );
}

async function findOne(prisma: PrismaClient, condition: Prisma.Sql): Promise<Task | undefined> {
  const [row] = await prisma.$queryRaw<TaskRowWithAssets[]>`
    SELECT ${taskColumns}, ${assetColumn} FROM task t WHERE ${condition}`;
  return row && taskOf(row);
}

/** Pages by the position of the last task seen (keyset), so a late page costs what the first one does. */
export async function listTasks(
  prisma: PrismaClient,
  scope: TaskScope,
  query: TaskListQuery,
): Promise<TaskPage> {
  const newestFirst = query.order === 'newest-first';
  const direction = newestFirst ? Prisma.sql`DESC` : Prisma.sql`ASC`;
  const rows = await prisma.$queryRaw<TaskRowWithAssets[]>`
    SELECT ${taskColumns}, ${assetColumn} FROM task t
    WHERE ${inScope(scope)} ${inStates(query.states)} ${after(scope, query.after, newestFirst)}
    ORDER BY t.created_at ${direction}, t.id ${direction} LIMIT ${query.limit + 1}::int`;
  return { tasks: rows.slice(0, query.limit).map(taskOf), hasMore: rows.length > query.limit };
}

/** An unknown cursor compares as null, which no row passes. */
function after(scope: TaskScope, publicId: string | undefined, newestFirst: boolean): Prisma.Sql {
  if (publicId === undefined) return Prisma.empty;
  const cursor = (column: Prisma.Sql) =>
    Prisma.sql`(SELECT ${column} FROM task t WHERE ${withPublicId(scope, publicId)})`;
  return Prisma.sql`AND (t.created_at, t.id) ${newestFirst ? Prisma.sql`<` : Prisma.sql`>`}
    (${cursor(Prisma.sql`t.created_at`)}, ${cursor(Prisma.sql`t.id`)})`;
}

/** Reads an index only. Each state is asked for by itself, so that the count of a long history can stop. */
export async function countTasksByState<State extends TaskState>(
  prisma: PrismaClient,
  scope: TaskScope,
  states?: readonly State[],
  most?: number,
): Promise<Record<State, number>> {
  const counts = (states ?? taskStates).map((state) => {
    const limit = most !== undefined && isTerminal(state) ? Prisma.sql`LIMIT ${most}::int` : Prisma.empty;
    const tasks = Prisma.sql`SELECT FROM task t WHERE ${inScope(scope)} AND t.state = ${state} ${limit}`;
    // One of the closed words, which are names as well.
    return Prisma.sql`(SELECT count(*)::int FROM (${tasks}) AS found) AS ${Prisma.raw(state)}`;
  });
  const [row] = await prisma.$queryRaw<Record<State, number>[]>`SELECT ${Prisma.join(counts)}`;
  return row!;
}

function inStates(states: readonly TaskState[] | undefined): Prisma.Sql {
  return states ? Prisma.sql`AND t.state = ANY(${[...states]}::text[])` : Prisma.empty;
}

export async function queueOf(prisma: PrismaClient, scope: TaskScope, limit: number): Promise<ScopeQueue> {
  const [row] = await prisma.$queryRaw<ScopeQueue[]>`
    SELECT
      ARRAY(SELECT t.public_id FROM task t WHERE ${inScope(scope)} AND t.state = 'queued'
        ORDER BY t.created_at, t.id LIMIT ${limit}::int) AS waiting,
      (SELECT count(*)::int FROM task t WHERE ${inScope(scope)} AND t.state = 'queued') AS queued,
      (SELECT count(*)::int FROM task t WHERE ${inScope(scope)} AND t.state = 'running') AS running`;
  return row!;
}

/** Reads an index that holds such tasks only. */
export async function countRetried(prisma: PrismaClient, scope: TaskScope): Promise<number> {
  const [row] = await prisma.$queryRaw<{ tasks: number }[]>`
    SELECT count(*)::int AS tasks FROM task t WHERE ${inScope(scope)} AND t.attempt > 1`;
  return row?.tasks ?? 0;
}

/** From the start of the first attempt, since users wait for retries and their pauses as well. */
export async function recentRuns(
  prisma: PrismaClient,
  kind: TaskKind,
  model: string,
): Promise<readonly PastRun[]> {
  const rows = await prisma.$queryRaw<{ seconds: number; work: Work | null }[]>`
    SELECT extract(epoch FROM t.finished_at - t.started_at)::float8 AS seconds, t.work FROM task t
    WHERE t.kind = ${kind} AND t.model = ${storableText(model)} AND t.state = 'succeeded'
    ORDER BY t.finished_at DESC LIMIT 50`;
  return rows.map(({ seconds, work }) => ({ seconds, work: work ?? {} }));
}
