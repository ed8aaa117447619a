import type { Database } from '../src/index.js';

/** Lets time pass by moving everything that has happened, and everything that is due, into the past. */
export async function letTimePass({ prisma }: Pick<Database, 'prisma'>, seconds: number): Promise<void> {
  const span = `${seconds} seconds`;
  await prisma.$executeRaw`
    UPDATE task SET
      created_at = created_at - ${span}::interval, started_at = started_at - ${span}::interval,
      finished_at = finished_at - ${span}::interval, lease_until = lease_until - ${span}::interval,
      cancel_requested_at = cancel_requested_at - ${span}::interval, not_before = not_before - ${span}::interval,
      delivered_at = delivered_at - ${span}::interval, deadline = deadline - ${span}::interval`;
  await prisma.$executeRaw`UPDATE idempotency_key SET expires_at = expires_at - ${span}::interval`;
  await prisma.$executeRaw`UPDATE engine SET last_seen_at = last_seen_at - ${span}::interval`;
}
