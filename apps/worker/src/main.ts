import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { loadWorkerSettings } from '@polyreel/config';
import { migrate } from '@polyreel/database';
import { Logger } from 'nestjs-pino';
import { WorkerModule } from './worker.module.js';

const settings = loadWorkerSettings();
await migrate(settings.databaseUrl);
const app = await NestFactory.createApplicationContext(WorkerModule.of(settings), { bufferLogs: true });
app.useLogger(app.get(Logger));
app.enableShutdownHooks();
await app.init();
if (settings.exitWithParent) {
  process.stdin.resume().once('end', () => process.kill(process.pid, 'SIGTERM'));
}
