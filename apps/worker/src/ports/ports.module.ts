import {
  Global,
  Inject,
  Logger,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { WorkerSettings } from '@polyreel/config';
import {
  ResultCopier,
  SecretBox,
  TaskRunner,
  type ObjectStore,
  type TaskEvents,
  type TaskStore,
} from '@polyreel/core';
import { connectDatabase, PrismaEngineRegistry, PrismaTaskStore, type Database } from '@polyreel/database';
import { FfmpegLogoAppender, FfmpegMediaInspector, GuardedMediaIntake, GuardedUpload } from '@polyreel/media';
import { S3ObjectStore } from '@polyreel/object-store';
import { BullTaskQueue, RedisTaskEvents } from '@polyreel/queue';
import { PresignedBuckets } from '../generation/presigned-buckets.js';
import { DATABASE, ENGINE_REGISTRY, OBJECT_STORE, TASK_EVENTS, TASK_QUEUE, TASK_STORE } from './tokens.js';

/** What breaks in the background is logged and comes back by itself. */
const warn = (name: string) => (error: Error) => new Logger(name).warn({ err: error }, error.message);

const adapters: Provider[] = [
  {
    provide: DATABASE,
    inject: [WorkerSettings],
    useFactory: ({ databaseUrl }: WorkerSettings) =>
      connectDatabase(databaseUrl, {
        applicationName: 'polyreel-worker',
        onConnectionError: warn('Postgres'),
      }),
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
    useFactory: ({ redisUrl }: WorkerSettings) =>
      new BullTaskQueue({ url: redisUrl, onError: warn('Redis') }),
  },
  {
    provide: TASK_EVENTS,
    inject: [WorkerSettings],
    useFactory: ({ redisUrl }: WorkerSettings) =>
      new RedisTaskEvents({ url: redisUrl, onError: warn('Redis') }),
  },
  {
    provide: GuardedMediaIntake,
    inject: [WorkerSettings],
    useFactory: ({ spoolDir, fetch, limits }: WorkerSettings) =>
      new GuardedMediaIntake({
        spoolDir,
        limits: {
          bytes: fetch.maxBytes,
          seconds: limits.mediaSeconds,
          pixels: limits.pixels,
          fetchTimeoutSeconds: fetch.timeoutSeconds,
        },
        allowHosts: fetch.allowHosts,
      }),
  },
  {
    provide: GuardedUpload,
    inject: [WorkerSettings],
    useFactory: ({ fetch }: WorkerSettings) => new GuardedUpload({ allowHosts: fetch.allowHosts }),
  },
  {
    provide: ResultCopier,
    inject: [OBJECT_STORE, GuardedUpload, WorkerSettings],
    useFactory: (objects: ObjectStore, upload: GuardedUpload, { secrets }: WorkerSettings) =>
      new ResultCopier({
        objects,
        buckets: new PresignedBuckets(upload),
        secrets: new SecretBox(secrets.keys),
      }),
  },
  {
    provide: TaskRunner,
    inject: [TASK_STORE, OBJECT_STORE, TASK_EVENTS, GuardedMediaIntake, ResultCopier, WorkerSettings],
    useFactory: async (
      store: TaskStore,
      objects: ObjectStore,
      events: TaskEvents,
      intake: GuardedMediaIntake,
      copier: ResultCopier,
      settings: WorkerSettings,
    ) => {
      const { leaseSeconds, beatSeconds, engineSilenceSeconds } = settings;
      const logo = await logoOf(settings);
      return new TaskRunner(
        {
          store,
          objects,
          events,
          intake,
          copier,
          inspector: new FfmpegMediaInspector(),
          ...(logo && { logo }),
        },
        { leaseSeconds, beatSeconds, silenceSeconds: engineSilenceSeconds },
      );
    },
  },
];

/** @throws Error when the clip is set and cannot be used: better no worker than one that fails each such job */
async function logoOf({ logoVideo, spoolDir }: WorkerSettings): Promise<FfmpegLogoAppender | undefined> {
  if (!logoVideo) return undefined;
  const logo = new FfmpegLogoAppender({ clip: logoVideo, spoolDir });
  await logo.check();
  return logo;
}

/** The composition root of the worker: the only place that knows which adapter stands behind a port. */
@Global()
@Module({
  providers: adapters,
  exports: [DATABASE, ENGINE_REGISTRY, OBJECT_STORE, TASK_EVENTS, TASK_QUEUE, TASK_STORE, TaskRunner],
})
export class PortsModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(TASK_EVENTS) private readonly events: RedisTaskEvents,
    @Inject(TASK_QUEUE) private readonly queue: BullTaskQueue,
    @Inject(GuardedMediaIntake) private readonly intake: GuardedMediaIntake,
    @Inject(GuardedUpload) private readonly upload: GuardedUpload,
  ) {}

  /** Files a killed process left in the spool are of no use to anybody. */
  async onModuleInit(): Promise<void> {
    await this.intake.cleanSpool();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.queue.close();
    await this.events.close();
    await this.upload.close();
    await this.database.close();
  }
}
