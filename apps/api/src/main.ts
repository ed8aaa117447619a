import 'reflect-metadata';
import { loadApiSettings } from '@polyreel/config';
import type { ApiKeys } from '@polyreel/core';
import { migrate } from '@polyreel/database';
import { S3ObjectStore } from '@polyreel/object-store';
import { Logger } from 'nestjs-pino';
import { createApp } from './create-app.js';
import { ensureFirstKey } from './http/stored-key.js';
import { API_KEYS } from './tasks/tokens.js';

const settings = loadApiSettings();
await migrate(settings.databaseUrl);
const app = await createApp(settings);
await new S3ObjectStore(settings.s3).ensureBucket((notice) => app.get(Logger).log(notice));
await ensureFirstKey(app.get<ApiKeys>(API_KEYS), settings.apiKey);
await app.listen({ host: settings.host, port: settings.port });
if (settings.exitWithParent) {
  process.stdin.resume().once('end', () => process.kill(process.pid, 'SIGTERM'));
}
