export { connectDatabase, type Database, type DatabaseOptions } from './database.js';
export { migrate } from './migrate.js';
export { PostgresLeaderLock, type LeaderLockOptions } from './postgres-leader-lock.js';
export { PostgresWakeUp } from './postgres-wake-up.js';
export { PrismaApiKeys } from './prisma-api-keys.js';
export { PrismaEndpoints } from './prisma-endpoints.js';
export { PrismaEngineRegistry } from './prisma-engine-registry.js';
export { PrismaTaskStore } from './prisma-task-store.js';
export { PrismaWebhookOutbox } from './prisma-webhook-outbox.js';
