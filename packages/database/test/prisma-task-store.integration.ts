import { taskStoreContract } from '@polyreel/testkit';
import { afterAll, beforeAll, inject } from 'vitest';
import { PrismaTaskStore } from '../src/index.js';
import { letTimePass } from './passing-time.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseUrl'));
});
afterAll(() => database.drop());

taskStoreContract(async () => {
  await database.prisma.task.deleteMany();
  return {
    store: new PrismaTaskStore(database.prisma),
    advance: (seconds) => letTimePass(database, seconds),
    history: async (taskId) => {
      const events = await database.prisma.taskEvent.findMany({ where: { taskId }, orderBy: { id: 'asc' } });
      return events.map(({ type }) => type);
    },
    webhooks: (taskId) =>
      database.prisma.webhookDelivery.findMany({ where: { taskId }, select: { url: true, event: true } }),
  };
});
