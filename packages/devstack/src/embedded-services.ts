import { join } from 'node:path';
import { embeddedPostgres } from './embedded-postgres.js';
import { embeddedRedis } from './embedded-redis.js';
import { embeddedS3, type EmbeddedS3Access } from './embedded-s3.js';
import { storedSecrets } from './stored-secrets.js';
import type { Supervisor } from './supervisor.js';

export interface EmbeddedServices {
  databaseUrl: string;
  redisUrl: string;
  s3: EmbeddedS3Access;
}

/** Parts that exist elsewhere and are therefore not started. */
export type ForeignServices = Partial<EmbeddedServices>;

/** Starts Postgres, Redis and S3 side by side, except those that are given; resolves when all are ready. */
export async function startEmbeddedServices(
  supervisor: Supervisor,
  options: { durable: boolean; foreign?: ForeignServices },
): Promise<EmbeddedServices> {
  const { dataDir } = supervisor;
  const { foreign = {}, durable } = options;
  const secrets = storedSecrets(join(dataDir, 'secrets.json'));

  const startPostgres = async () => {
    const directory = join(dataDir, 'postgres');
    const { definition, url } = await embeddedPostgres({
      directory,
      password: secrets.postgresPassword,
      durable,
    });
    await supervisor.start(definition);
    return url;
  };
  const startRedis = async () => {
    const directory = join(dataDir, 'redis');
    const { definition, url } = await embeddedRedis({
      directory,
      password: secrets.redisPassword,
      durable,
    });
    await supervisor.start(definition);
    return url;
  };
  const startS3 = async () => {
    const { s3AccessKeyId: accessKeyId, s3SecretAccessKey: secretAccessKey } = secrets;
    const { definition, access } = await embeddedS3({
      directory: join(dataDir, 's3'),
      accessKeyId,
      secretAccessKey,
    });
    await supervisor.start(definition);
    return access;
  };

  const [databaseUrl, redisUrl, s3] = await Promise.all([
    foreign.databaseUrl ?? startPostgres(),
    foreign.redisUrl ?? startRedis(),
    foreign.s3 ?? startS3(),
  ]);
  return { databaseUrl, redisUrl, s3 };
}
