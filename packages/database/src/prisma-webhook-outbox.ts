import type { DueQuery, WebhookDelivery, WebhookFailure, WebhookOutbox } from '@polyreel/core';
import type { PrismaClient } from './generated/client.js';
import { storableText } from './storable.js';

/** The table `webhook_delivery`; its rows are written by the statements that end tasks. */
export class PrismaWebhookOutbox implements WebhookOutbox {
  constructor(private readonly prisma: PrismaClient) {}

  /**
   * Hops from receiver to receiver through the index of pending deliveries, as the dispatcher does from tenant to
   * tenant, and takes no more of each than it may have: the cost is bounded by receivers, not by their lines.
   * Rows another sender is just taking are left to it.
   */
  async claimDue(query: DueQuery): Promise<readonly WebhookDelivery[]> {
    const { limit, perReceiver, leaseSeconds } = query;
    if (limit <= 0) return [];
    const underWay = JSON.stringify(Object.fromEntries(query.underWay));
    return this.prisma.$queryRaw<WebhookDelivery[]>`
      WITH RECURSIVE
      receiver(name) AS (
        (SELECT split_part(url, '/', 3) FROM webhook_delivery WHERE state = 'pending'
         ORDER BY split_part(url, '/', 3) LIMIT 1)
        UNION ALL
        SELECT (SELECT split_part(url, '/', 3) FROM webhook_delivery
                WHERE state = 'pending' AND split_part(url, '/', 3) > r.name
                ORDER BY split_part(url, '/', 3) LIMIT 1)
        FROM receiver r WHERE r.name IS NOT NULL),
      line AS (
        SELECT name, coalesce((${underWay}::json ->> name)::int, 0) AS busy FROM receiver WHERE name IS NOT NULL),
      candidate AS (
        SELECT own.id, own.next_try_at,
          line.busy + row_number() OVER (PARTITION BY line.name ORDER BY own.next_try_at) AS turn
        FROM line
        CROSS JOIN LATERAL (
          SELECT id, next_try_at FROM webhook_delivery
          WHERE state = 'pending' AND split_part(url, '/', 3) = line.name AND next_try_at <= now()
          ORDER BY next_try_at LIMIT greatest(0, ${perReceiver}::int - line.busy)
        ) AS own),
      chosen AS (SELECT id, turn FROM candidate ORDER BY turn, next_try_at LIMIT ${limit}::int),
      locked AS (
        SELECT w.id, chosen.turn, w.next_try_at AS due_at FROM webhook_delivery w JOIN chosen ON chosen.id = w.id
        WHERE w.state = 'pending' AND w.next_try_at <= now()
        FOR UPDATE OF w SKIP LOCKED),
      claimed AS (
        UPDATE webhook_delivery w SET
          tries = w.tries + 1, next_try_at = now() + make_interval(secs => ${leaseSeconds}::float8)
        FROM locked WHERE w.id = locked.id
        RETURNING w.*, locked.turn, locked.due_at)
      SELECT id, task_id AS "taskId", url, split_part(url, '/', 3) AS receiver, event, tries,
        created_at AS "createdAt"
      FROM claimed ORDER BY turn, due_at`;
  }

  async succeeded({ id }: WebhookDelivery, status: number): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE webhook_delivery SET
        state = 'delivered', delivered_at = now(), last_status = ${status}::int, last_error = NULL
      WHERE id = ${id}::uuid AND state = 'pending'`;
  }

  async failed({ id, tries }: WebhookDelivery, failure: WebhookFailure): Promise<void> {
    const { reason, status, retryAfterSeconds } = failure;
    await this.prisma.$executeRaw`
      UPDATE webhook_delivery SET
        state = ${retryAfterSeconds === undefined ? 'abandoned' : 'pending'},
        next_try_at = now() + make_interval(secs => ${retryAfterSeconds ?? 0}::float8),
        last_status = ${status ?? null}::int, last_error = ${storableText(reason)}
      WHERE id = ${id}::uuid AND tries = ${tries}::int AND state = 'pending'`;
  }

  async release({ id, tries }: WebhookDelivery, seconds: number): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE webhook_delivery SET
        tries = tries - 1, next_try_at = now() + make_interval(secs => ${seconds}::float8)
      WHERE id = ${id}::uuid AND tries = ${tries}::int AND state = 'pending'`;
  }
}
