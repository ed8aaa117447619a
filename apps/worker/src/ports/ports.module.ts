import { Global, Inject, Logger, Module, type OnApplicationShutdown, type Provider } from '@nestjs/common';
import { WorkerSettings } from '@polyreel/config';
import { TaskRunner, type ObjectStore, type TaskEvents, type TaskStore } from '@polyreel/core';
import { connectDatabase, PrismaEngineRegistry, PrismaTaskStore, type Database } from '@polyreel/database';
import { FfmpegMediaInspector, GuardedMediaIntake } from '@polyreel/media';
import { S3ObjectStore } from '@polyreel/object-store';
import { BullTaskQueue, RedisTaskEvents } from '@polyreel/queue';
import { DATABASE, ENGINE_REGISTRY, OBJECT_STORE, TASK_EVENTS, TASK_QUEUE, TASK_STORE } from './tokens.js';

const redisLogger = new Logger('Redis');
const onError = (error: Error) => redisLogger.warn({ err: error }, error.message);

const adapters: Provider[] = [
  {
    provide: DATABASE,
    inject: [WorkerSettings],
    useFactory: ({ databaseUrl }: WorkerSettings) => connectDatabase(databaseUrl),
  },
  {
    provide: TASK_STORE,
    inject: [DATABASE],
    useFactory: ({ prisma }: Database) => new PrismaTaskStore(prisma),
  },
  {
    provide: ENGINE_REGISTRY,
    inject: [DATABASE],
    useFactory: ({ prisma }: Database) => new PrismaEngineRegistry(prisma),
  },
  {
    provide: OBJECT_STORE,
    inject: [WorkerSettings],
    useFactory: ({ s3 }: WorkerSettings) => new S3ObjectStore(s3),
  },
  {
    provide: TASK_QUEUE,
    inject: [WorkerSettings],
    useFactory: ({ redisUrl }: WorkerSettings) => new BullTaskQueue({ url: redisUrl, onError }),
  },
  {
    provide: TASK_EVENTS,
    inject: [WorkerSettings],
    useFactory: ({ redisUrl }: WorkerSettings) => new RedisTaskEvents({ url: redisUrl, onError }),
  },
  {
    provide: TaskRunner,
    inject: [TASK_STORE, OBJECT_STORE, TASK_EVENTS, WorkerSettings],
    useFactory: (store: TaskStore, objects: ObjectStore, events: TaskEvents, settings: WorkerSettings) => {
      const intake = new GuardedMediaIntake({
        spoolDir: settings.spoolDir,
        limits: {
          bytes: settings.fetch.maxBytes,
          seconds: settings.limits.mediaSeconds,
          pixels: settings.limits.pixels,
        },
        fetchTimeoutSeconds: settings.fetch.timeoutSeconds,
        allowHosts: settings.fetch.allowHosts,
      });
      const ports = { store, objects, events, intake, inspector: new FfmpegMediaInspector() };
      const { leaseSeconds, beatSeconds, engineSilenceSeconds } = settings;
      return new TaskRunner(ports, { leaseSeconds, beatSeconds, silenceSeconds: engineSilenceSeconds });
    },
  },
];

/** The composition root of the worker: the only place that knows which adapter stands behind a port. */
@Global()
@Module({
  providers: adapters,
  exports: [DATABASE, ENGINE_REGISTRY, OBJECT_STORE, TASK_EVENTS, TASK_QUEUE, TASK_STORE, TaskRunner],
})
export class PortsModule implements OnApplicationShutdown {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(TASK_EVENTS) private readonly events: RedisTaskEvents,
    @Inject(TASK_QUEUE) private readonly queue: BullTaskQueue,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.queue.close();
    await this.events.close();
    await this.database.close();
  }
}
