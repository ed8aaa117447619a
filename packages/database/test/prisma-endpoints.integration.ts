import { endpointsContract } from '@polyreel/testkit';
import { afterAll, beforeAll, inject } from 'vitest';
import { PrismaEndpoints } from '../src/index.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseUrl'));
});
afterAll(() => database.drop());

endpointsContract(async () => {
  await database.prisma.endpoint.deleteMany();
  return new PrismaEndpoints(database.prisma);
});
