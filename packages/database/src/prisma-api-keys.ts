import type { ApiKeyOwner, ApiKeys } from '@polyreel/core';
import type { PrismaClient } from './generated/client.js';

/** API keys in Postgres; only digests are stored. */
export class PrismaApiKeys implements ApiKeys {
  constructor(private readonly prisma: PrismaClient) {}

  /** One indexed UPDATE: finds the owner and notes the use, at most once a minute. */
  async findOwner(sha256: string): Promise<ApiKeyOwner | undefined> {
    const rows = await this.prisma.$queryRaw<ApiKeyOwner[]>`
      WITH owner AS (
        SELECT api_key.id, api_key.tenant_id AS tenant, api_key.scopes, api_key.settings,
          api_key.last_used_at
        FROM api_key JOIN tenant ON tenant.id = api_key.tenant_id
        WHERE api_key.hash = decode(${sha256}, 'hex') AND tenant.disabled_at IS NULL
          AND api_key.revoked_at IS NULL AND (api_key.expires_at IS NULL OR api_key.expires_at > now())
      ), used AS (
        UPDATE api_key SET last_used_at = now() FROM owner
        WHERE api_key.id = owner.id AND (owner.last_used_at IS NULL OR owner.last_used_at < now() - interval '1 minute')
      )
      SELECT tenant, scopes, settings FROM owner`;
    return rows[0];
  }

  async add(key: Parameters<ApiKeys['add']>[0]): Promise<void> {
    await this.prisma.tenant.upsert({
      where: { id: key.tenant },
      create: { id: key.tenant, name: key.tenant },
      update: {},
    });
    await this.prisma.apiKey.create({
      data: {
        tenantId: key.tenant,
        name: key.prefix,
        prefix: key.prefix,
        hash: Buffer.from(key.sha256, 'hex'),
        scopes: [...key.scopes],
        ...(key.expiresAt && { expiresAt: key.expiresAt }),
        ...(key.settings && { settings: key.settings }),
      },
    });
  }
}
