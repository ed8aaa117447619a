import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { loadApiSettings } from '@polyreel/config';
import { connectDatabase, migrate } from '@polyreel/database';
import { S3ObjectStore } from '@polyreel/object-store';
import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { tmpdir } from 'node:os';
import 'reflect-metadata';
import { inject } from 'vitest';
import { createApp } from '../src/create-app.js';

export interface TestApi {
  readonly app: NestFastifyApplication;
  readonly databaseUrl: string;
  close(): Promise<void>;
}

/** The whole API in this process, on a database of its own and the services of the test run. */
export async function openTestApi(environment: Record<string, string> = {}): Promise<TestApi> {
  const name = `api_${randomUUID().replaceAll('-', '')}`;
  const admin = connectDatabase(inject('databaseUrl'), { applicationName: 'polyreel-test' });
  await admin.prisma.$executeRawUnsafe(`CREATE DATABASE ${name}`);
  const url = new URL(inject('databaseUrl'));
  url.pathname = `/${name}`;
  const databaseUrl = url.toString();
  await migrate(databaseUrl);
  const s3 = inject('s3');
  const settings = loadApiSettings({
    DATABASE_URL: databaseUrl,
    REDIS_URL: inject('redisUrl'),
    S3_ENDPOINT: s3.endpoint,
    S3_BUCKET: s3.bucket,
    S3_ACCESS_KEY_ID: s3.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    LOG_LEVEL: 'fatal',
    LOG_PRETTY: 'false',
    SPOOL_DIR: join(tmpdir(), name),
    SAMPLES_DIR: resolve(import.meta.dirname, '../../../inference/samples'),
    ...environment,
  });
  await new S3ObjectStore(settings.s3).ensureBucket(() => undefined);
  const app = await createApp(settings);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return {
    app,
    databaseUrl,
    async close() {
      await app.close();
      await admin.prisma.$executeRawUnsafe(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.close();
    },
  };
}
