export { BullTaskQueue, type BullTaskQueueOptions } from './bull-task-queue.js';
export type { OnRedisError } from './connection-options.js';
export { pingRedis } from './ping-redis.js';
export { RedisTaskEvents, type RedisTaskEventsOptions } from './redis-task-events.js';
