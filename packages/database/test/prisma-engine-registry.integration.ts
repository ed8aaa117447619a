import { engineRegistryContract } from '@polyreel/testkit';
import { afterAll, beforeAll, inject } from 'vitest';
import { PrismaEngineRegistry } from '../src/index.js';
import { letTimePass } from './passing-time.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseUrl'));
});
afterAll(() => database.drop());

engineRegistryContract(async () => {
  await database.prisma.engine.deleteMany();
  return {
    registry: new PrismaEngineRegistry(database.prisma),
    advance: (seconds) => letTimePass(database, seconds),
  };
});
