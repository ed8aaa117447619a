import type { DueQuery, WebhookDelivery, WebhookFailure, WebhookOutbox } from '@polyreel/core';
import type { PrismaClient } from './generated/client.js';
import { storableText } from './storable.js';

interface Look {
  readonly claimed: readonly WebhookDelivery[];
  /** Receivers looked at that are not due any more, or not for now. */
  readonly quiet: number;
}

/** One of each claimed delivery, or a single one of nulls. */
type LookRow = { readonly [Key in keyof WebhookDelivery]: WebhookDelivery[Key] | null } & Pick<Look, 'quiet'>;

/** The table `webhook_delivery`; its rows are written by the statements that end tasks. */
export class PrismaWebhookOutbox implements WebhookOutbox {
  constructor(private readonly prisma: PrismaClient) {}

  /**
   * Looks at as many of the longest due receivers as can matter: those with nothing under way come first, and one
   * delivery of each of them fills the limit. A look that finds nothing at any of them, because the deliveries it was
   * due for have ended, is followed by one at the next; each such receiver is met once.
   */
  async claimDue(query: DueQuery): Promise<readonly WebhookDelivery[]> {
    if (query.limit <= 0) return [];
    const receivers = query.limit + query.underWay.size;
    for (;;) {
      const { claimed, quiet } = await this.look(query, receivers);
      if (claimed.length > 0 || quiet < receivers) return claimed;
    }
  }

  /**
   * Receivers and deliveries that another sender is just taking are left to it. A receiver to which a delivery was added
   * after this statement began, which therefore does not see it, has counted another change and is left to the next look.
   * Rows are named by arrays where a join would do, since Postgres joins all of a table of some thousands.
   */
  private async look(query: DueQuery, receivers: number): Promise<Look> {
    const { limit, perReceiver, underWay, leaseSeconds } = query;
    const full = [...underWay].filter(([, count]) => count >= perReceiver).map(([name]) => name);
    const busy = JSON.stringify(Object.fromEntries(underWay));
    const rows = await this.prisma.$queryRaw<LookRow[]>`
      WITH
      held AS MATERIALIZED (
        SELECT name, changes FROM webhook_receiver
        WHERE due_at <= now() AND name <> ALL(${full}::text[])
        ORDER BY due_at LIMIT ${receivers}::int
        FOR UPDATE SKIP LOCKED),
      line AS MATERIALIZED (
        SELECT held.name, coalesce((${busy}::json ->> held.name)::int, 0) AS busy
        FROM held WHERE changes = (SELECT seen.changes FROM webhook_receiver seen WHERE seen.name = held.name)),
      candidate AS (
        SELECT line.name, own.id, own.next_try_at,
          line.busy + row_number() OVER (PARTITION BY line.name ORDER BY own.next_try_at) AS turn
        FROM line
        CROSS JOIN LATERAL (
          SELECT id, next_try_at FROM webhook_delivery
          WHERE state = 'pending' AND split_part(url, '/', 3) = line.name AND next_try_at <= now()
          ORDER BY next_try_at LIMIT ${perReceiver}::int - line.busy
        ) AS own),
      chosen AS (SELECT name, id, turn FROM candidate ORDER BY turn, next_try_at LIMIT ${limit}::int),
      locked AS MATERIALIZED (
        SELECT w.id, chosen.name, chosen.turn, w.next_try_at AS due_at
        FROM webhook_delivery w JOIN chosen ON chosen.id = w.id
        WHERE w.id = ANY(ARRAY(SELECT id FROM chosen)) AND w.state = 'pending' AND w.next_try_at <= now()
        FOR UPDATE OF w SKIP LOCKED),
      lease AS (SELECT now() + make_interval(secs => ${leaseSeconds}::float8) AS until),
      claimed AS (
        UPDATE webhook_delivery w SET tries = w.tries + 1, next_try_at = lease.until
        FROM locked, lease WHERE w.id = locked.id AND w.id = ANY(ARRAY(SELECT id FROM locked))
        RETURNING w.*, locked.name, locked.turn, locked.due_at),
      next AS MATERIALIZED (
        SELECT line.name, least(
          (SELECT next_try_at FROM webhook_delivery
           WHERE state = 'pending' AND split_part(url, '/', 3) = line.name AND id NOT IN (SELECT id FROM locked)
           ORDER BY next_try_at LIMIT 1),
          CASE WHEN line.name IN (SELECT name FROM locked) THEN lease.until END) AS due_at
        FROM line, lease),
      put_off AS (
        UPDATE webhook_receiver r SET due_at = next.due_at FROM next
        WHERE r.name = next.name AND r.name = ANY(ARRAY(SELECT name FROM next)) AND r.due_at <> next.due_at),
      dropped AS (
        DELETE FROM webhook_receiver WHERE name = ANY(ARRAY(SELECT name FROM next WHERE due_at IS NULL)))
      SELECT id, task_id AS "taskId", url, name AS receiver, event, tries, created_at AS "createdAt",
        (SELECT count(*)::int FROM next WHERE due_at IS NULL OR due_at > now()) AS quiet
      FROM (SELECT) AS always LEFT JOIN claimed ON true ORDER BY turn, due_at`;
    const claimed = rows.flatMap(({ quiet: _, ...row }) => (row.id === null ? [] : [row as WebhookDelivery]));
    return { claimed, quiet: rows[0]?.quiet ?? 0 };
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
