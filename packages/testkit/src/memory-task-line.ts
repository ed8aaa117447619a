import type { Delivery, DeliveryQuery, QueuePlace, TaskState } from '@polyreel/core';
import { fairOrder } from './fair-order.js';
import { later, type MemoryTaskRow } from './memory-task-row.js';

/** Where a task stands among those that wait. Undefined: it does not wait. */
export function queuePlace(
  rows: readonly MemoryTaskRow[],
  taskId: string,
  routes: DeliveryQuery['routes'],
): QueuePlace | undefined {
  const running = inState(rows, 'running');
  const line = fairOrder(inState(rows, 'queued'), running);
  const position = line.findIndex(({ id }) => id === taskId);
  if (position < 0) return undefined;
  const onRoutes = (some: readonly MemoryTaskRow[]) => some.filter(isOn(routes)).length;
  return { position, onRoutes: onRoutes(line.slice(0, position)), running: onRoutes(running) };
}

/** Takes the next tasks in fair order, as many as have room on their way to the engines, and notes that they left. */
export function pickForDelivery(
  rows: readonly MemoryTaskRow[],
  query: DeliveryQuery,
  now: Date,
): readonly Delivery[] {
  const routed = rows.filter(isOn(query.routes));
  const isOnItsWay = (row: MemoryTaskRow) =>
    row.state === 'queued' &&
    row.deliveredAt !== undefined &&
    later(row.deliveredAt, query.redeliverAfterSeconds)! > now;
  const onTheirWay = routed.filter(isOnItsWay);
  const waiting = routed.filter(
    (row) =>
      row.state === 'queued' &&
      !isOnItsWay(row) &&
      !(row.notBefore && row.notBefore > now) &&
      !(row.deadline && row.deadline <= now),
  );
  const running = inState(routed, 'running');
  const free = Math.max(0, query.depth - onTheirWay.length);
  return fairOrder(waiting, [...running, ...onTheirWay])
    .slice(0, free)
    .map((row) => {
      row.deliveredAt = now;
      return { taskId: row.id, attempt: row.attempt + 1, kind: row.kind, model: row.model };
    });
}

function inState(rows: readonly MemoryTaskRow[], state: TaskState): MemoryTaskRow[] {
  return rows.filter((row) => row.state === state);
}

const isOn = (routes: DeliveryQuery['routes']) => (row: MemoryTaskRow) =>
  routes.some(({ kind, model }) => row.kind === kind && row.model === model);
