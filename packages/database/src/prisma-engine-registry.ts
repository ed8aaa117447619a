import type { EngineDescription, EngineRegistry, RegisteredEngine } from '@polyreel/core';
import type { PrismaClient } from './generated/client.js';
import { storableText } from './storable.js';

/** Engines in Postgres, one row per address. */
export class PrismaEngineRegistry implements EngineRegistry {
  constructor(private readonly prisma: PrismaClient) {}

  async report(address: string, description: EngineDescription): Promise<void> {
    const { engine, version, models, device, slots, state, message } = description;
    await this.prisma.$executeRaw`
      INSERT INTO engine (address, engine, version, models, device, slots, state, message, last_seen_at)
      VALUES (${address}, ${storableText(engine)}, ${storableText(version)}, ${JSON.stringify(models)}::json,
        ${storableText(device)}, ${slots}::int, ${state}, ${storableText(message)}, now())
      ON CONFLICT (address) DO UPDATE SET
        engine = excluded.engine, version = excluded.version, models = excluded.models,
        device = excluded.device, slots = excluded.slots, state = excluded.state,
        message = excluded.message, last_seen_at = excluded.last_seen_at`;
  }

  async live(withinSeconds: number): Promise<readonly RegisteredEngine[]> {
    return this.prisma.$queryRaw<RegisteredEngine[]>`
      SELECT address, engine, version, models, device, slots, state, message, last_seen_at AS "lastSeenAt"
      FROM engine WHERE last_seen_at > now() - make_interval(secs => ${withinSeconds}::float8)
      ORDER BY address`;
  }
}
