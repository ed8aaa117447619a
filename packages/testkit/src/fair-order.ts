import type { MemoryTaskRow } from './memory-task-row.js';

/**
 * Tasks in the order they are to run: higher priority first; within a priority
 * the tenants take turns, where each of a tenant's tasks that already runs or
 * is on its way counts as a turn taken; then the older first.
 * @param rows in the order of their creation
 */
export function fairOrder(rows: readonly MemoryTaskRow[], taken: readonly MemoryTaskRow[]): MemoryTaskRow[] {
  const turns = new Map<string, number>();
  for (const { tenant } of taken) turns.set(tenant, (turns.get(tenant) ?? 0) + 1);
  // Sorting is stable, so rows of one instant keep the order of their creation.
  const byAge = [...rows].sort(
    (a, b) => b.priority - a.priority || a.createdAt.getTime() - b.createdAt.getTime(),
  );
  const withTurn = byAge.map((row) => {
    const turn = (turns.get(row.tenant) ?? 0) + 1;
    turns.set(row.tenant, turn);
    return { row, turn };
  });
  return withTurn.sort((a, b) => b.row.priority - a.row.priority || a.turn - b.turn).map(({ row }) => row);
}
