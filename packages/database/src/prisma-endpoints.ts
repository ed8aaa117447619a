import type { Endpoint, Endpoints } from '@polyreel/core';
import type { PrismaClient } from './generated/client.js';
import { storableText } from './storable.js';

/** Endpoints in Postgres. */
export class PrismaEndpoints implements Endpoints {
  constructor(private readonly prisma: PrismaClient) {}

  /** In the order of bytes, so that it does not depend on the language of the database. */
  async all(): Promise<readonly Endpoint[]> {
    return this.prisma.$queryRaw<Endpoint[]>`
      SELECT name, kind, model, defaults FROM endpoint ORDER BY name COLLATE "C"`;
  }

  async put({ name, kind, model, defaults }: Endpoint): Promise<void> {
    await this.prisma.$executeRaw`
      INSERT INTO endpoint (name, kind, model, defaults)
      VALUES (${name}, ${kind}, ${storableText(model)}, ${JSON.stringify(defaults)}::json)
      ON CONFLICT (name) DO UPDATE SET
        kind = excluded.kind, model = excluded.model, defaults = excluded.defaults, updated_at = now()`;
  }

  async remove(name: string): Promise<boolean> {
    return (await this.prisma.$executeRaw`DELETE FROM endpoint WHERE name = ${storableText(name)}`) > 0;
  }
}
