import { Prisma } from './generated/client.js';

/**
 * Table expressions that write the history of the rows in `changed`.
 * @param type SQL text expression over `changed`
 */
export function history(type: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    history AS (
      INSERT INTO task_event (task_id, type, attempt, detail)
      SELECT id, ${type}, attempt, coalesce(error_text, '') FROM changed)`;
}

/**
 * Opening of a statement that takes tasks out of a state and leaves them in
 * `changed`, with history and webhooks written alongside.
 *
 * The new state is worked out on the locked row, so that it cannot rest on an
 * old version of it (a cancel that came in between).
 * @param next query giving id, state, error_code, error_text, not_before and message (null: keep); it locks its rows
 * @param more further assignments, beginning with a comma
 */
export function moving(next: Prisma.Sql, more: Prisma.Sql = Prisma.empty): Prisma.Sql {
  return Prisma.sql`
    WITH next AS (${next}),
    changed AS (
      UPDATE task t SET
        state = next.state,
        error_code = next.error_code,
        error_text = next.error_text,
        not_before = next.not_before,
        message = coalesce(next.message, t.message),
        progress = CASE WHEN next.state = 'succeeded' THEN 1 ELSE t.progress END,
        cancel_requested_at = CASE WHEN next.state = 'cancelled'
          THEN coalesce(t.cancel_requested_at, now()) ELSE t.cancel_requested_at END,
        finished_at = CASE WHEN next.state = 'queued' THEN NULL ELSE now() END,
        -- A failed task may be retried and needs them again.
        sealed_secrets = CASE WHEN next.state IN ('queued', 'failed') THEN t.sealed_secrets END,
        stage = NULL, expected_end_at = NULL, lease_until = NULL, delivered_at = NULL ${more}
      FROM next WHERE t.id = next.id
      RETURNING t.*),
    ${history(Prisma.sql`CASE state WHEN 'queued' THEN 'requeued' ELSE state END`)},
    webhook AS (
      INSERT INTO webhook_delivery (task_id, url, event)
      SELECT id, webhook_url, state FROM changed WHERE webhook_url IS NOT NULL AND finished_at IS NOT NULL)`;
}

/** Columns of `next` beside id and state for a task that ends without an error of its own. */
export const nothingElse = Prisma.sql`
  NULL::text AS error_code, NULL::text AS error_text, NULL::timestamptz AS not_before, NULL::text AS message`;
