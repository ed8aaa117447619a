import 'reflect-metadata';
import { loadApiSettings } from '@polyreel/config';
import { migrate } from '@polyreel/database';
import { cleanSpool } from '@polyreel/media';
import { S3ObjectStore } from '@polyreel/object-store';
import { createApp } from './create-app.js';

const settings = loadApiSettings();
await migrate(settings.databaseUrl);
await cleanSpool(settings.spoolDir);
await new S3ObjectStore(settings.s3).ensureBucket();
const app = await createApp(settings);
await app.listen({ host: settings.host, port: settings.port });
if (settings.exitWithParent) {
  process.stdin.resume().once('end', () => process.kill(process.pid, 'SIGTERM'));
}
