import {
  Global,
  Inject,
  Logger,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { ApiSettings } from '@polyreel/config';
import {
  ModelCatalog,
  SecretBox,
  TaskService,
  type EngineRegistry,
  type MediaIntake,
  type ObjectStore,
  type TaskEvents,
  type TaskStore,
} from '@polyreel/core';
import {
  connectDatabase,
  PostgresWakeUp,
  PrismaApiKeys,
  PrismaEndpoints,
  PrismaEngineRegistry,
  PrismaTaskStore,
  PrismaWebhookOutbox,
  type Database,
} from '@polyreel/database';
import { FfmpegMediaInspector, GuardedMediaIntake, GuardedWebhookTransport } from '@polyreel/media';
import { S3ObjectStore } from '@polyreel/object-store';
import { pingRedis, RedisTaskEvents } from '@polyreel/queue';
import { EndpointDirectory } from './endpoint-directory.js';
import { ResultDelivery } from './result-delivery.js';
import { LoggedTaskService } from './logged-task-service.js';
import { Samples } from './samples.js';
import { Spritesheets } from './spritesheets.js';
import { TaskFiles } from './task-files.js';
import { TaskViews } from './task-view.js';
import {
  API_KEYS,
  DEPENDENCIES,
  ENDPOINTS,
  ENGINE_REGISTRY,
  MEDIA_INTAKE,
  OBJECT_STORE,
  SHEET_MAKER,
  TASK_EVENTS,
  TASK_STORE,
  WEBHOOK_OUTBOX,
  WEBHOOK_TRANSPORT,
  WEBHOOK_WAKE_UP,
} from './tokens.js';

const DATABASE = Symbol('Database');

/** Something readiness depends on. */
export interface Dependency {
  readonly name: string;
  /** Resolves when it answers. */
  check(): Promise<void>;
}

/** What breaks in the background is logged; requests that need it fail on their own. */
const warn = (name: string) => (error: Error) => new Logger(name).warn({ err: error }, error.message);

const adapters: Provider[] = [
  {
    provide: DATABASE,
    inject: [ApiSettings],
    useFactory: (settings: ApiSettings) =>
      connectDatabase(settings.databaseUrl, {
        applicationName: 'polyreel-api',
        onConnectionError: warn('Postgres'),
      }),
  },
  {
    provide: TASK_STORE,
    inject: [DATABASE],
    useFactory: (database: Database) => new PrismaTaskStore(database.prisma),
  },
  {
    provide: API_KEYS,
    inject: [DATABASE],
    useFactory: (database: Database) => new PrismaApiKeys(database.prisma),
  },
  {
    provide: ENDPOINTS,
    inject: [DATABASE],
    useFactory: (database: Database) => new PrismaEndpoints(database.prisma),
  },
  {
    provide: ENGINE_REGISTRY,
    inject: [DATABASE],
    useFactory: (database: Database) => new PrismaEngineRegistry(database.prisma),
  },
  {
    provide: OBJECT_STORE,
    inject: [ApiSettings],
    useFactory: ({ s3 }: ApiSettings) => new S3ObjectStore(s3),
  },
  {
    provide: TASK_EVENTS,
    inject: [ApiSettings],
    useFactory: ({ redisUrl }: ApiSettings) => new RedisTaskEvents({ url: redisUrl, onError: warn('Redis') }),
  },
  {
    provide: MEDIA_INTAKE,
    inject: [ApiSettings],
    useFactory: (settings: ApiSettings) =>
      new GuardedMediaIntake({
        spoolDir: settings.spoolDir,
        limits: {
          bytes: settings.limits.uploadBytes,
          seconds: settings.limits.mediaSeconds,
          pixels: settings.limits.pixels,
          fetchTimeoutSeconds: settings.fetch.timeoutSeconds,
        },
        allowHosts: settings.fetchAllowHosts,
      }),
  },
  { provide: SHEET_MAKER, useFactory: () => new FfmpegMediaInspector() },
  {
    provide: WEBHOOK_OUTBOX,
    inject: [DATABASE],
    useFactory: (database: Database) => new PrismaWebhookOutbox(database.prisma),
  },
  {
    provide: WEBHOOK_TRANSPORT,
    inject: [ApiSettings],
    useFactory: ({ fetchAllowHosts }: ApiSettings) =>
      new GuardedWebhookTransport({ allowHosts: fetchAllowHosts }),
  },
  {
    provide: WEBHOOK_WAKE_UP,
    inject: [ApiSettings],
    useFactory: ({ databaseUrl }: ApiSettings) => new PostgresWakeUp(databaseUrl, undefined, 'webhooks'),
  },
  {
    provide: DEPENDENCIES,
    inject: [DATABASE, ApiSettings, OBJECT_STORE],
    useFactory: (database: Database, settings: ApiSettings, objects: S3ObjectStore): Dependency[] => [
      { name: 'postgres', check: () => database.ping() },
      { name: 'redis', check: () => pingRedis(settings.redisUrl) },
      { name: 's3', check: () => objects.ping() },
    ],
  },
];

const services: Provider[] = [
  {
    provide: ModelCatalog,
    inject: [ENGINE_REGISTRY],
    useFactory: (registry: EngineRegistry) => new ModelCatalog(registry),
  },
  {
    provide: TaskService,
    inject: [TASK_STORE, OBJECT_STORE, MEDIA_INTAKE, TASK_EVENTS, ModelCatalog, ApiSettings],
    useFactory: (
      store: TaskStore,
      objects: ObjectStore,
      intake: MediaIntake,
      events: TaskEvents,
      catalog: ModelCatalog,
      settings: ApiSettings,
    ) => new LoggedTaskService(store, objects, intake, events, catalog, settings),
  },
  {
    provide: SecretBox,
    inject: [ApiSettings],
    useFactory: ({ secrets }: ApiSettings) => new SecretBox(secrets.keys),
  },
  TaskViews,
  TaskFiles,
  Spritesheets,
  ResultDelivery,
  EndpointDirectory,
  Samples,
];

/** The composition root of the API: the only place that knows which adapter stands behind a port. */
@Global()
@Module({
  providers: [...adapters, ...services],
  exports: [
    ...services,
    API_KEYS,
    DEPENDENCIES,
    ENGINE_REGISTRY,
    MEDIA_INTAKE,
    OBJECT_STORE,
    TASK_STORE,
    WEBHOOK_OUTBOX,
    WEBHOOK_TRANSPORT,
    WEBHOOK_WAKE_UP,
  ] as never[],
})
export class TasksModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(TASK_EVENTS) private readonly events: RedisTaskEvents,
    @Inject(MEDIA_INTAKE) private readonly intake: GuardedMediaIntake,
    @Inject(WEBHOOK_TRANSPORT) private readonly webhookTransport: GuardedWebhookTransport,
    @Inject(WEBHOOK_WAKE_UP) private readonly webhookWakeUp: PostgresWakeUp,
  ) {}

  /** Files a killed process left in the spool are of no use to anybody. */
  async onModuleInit(): Promise<void> {
    await this.intake.cleanSpool();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.events.close(), this.webhookTransport.close(), this.webhookWakeUp.close()]);
    await this.database.close();
  }
}
