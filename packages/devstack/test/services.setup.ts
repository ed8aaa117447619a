import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEmbeddedServices, Supervisor, type EmbeddedS3Access } from '../src/index.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Superuser's URL of the application's database; suites clone databases of their own from it. */
    databaseUrl: string;
    redisUrl: string;
    s3: EmbeddedS3Access;
  }
}

/** Postgres, Redis and S3, started once for all integration tests, on free ports and in a folder of their own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'polyreel-test-'));
  const supervisor = await Supervisor.open(dataDir);
  const tearDown = async () => {
    await supervisor.stop();
    // Again while something appears in it: children of a server that had to be killed end a moment after it.
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
  };
  try {
    const services = await startEmbeddedServices(supervisor, { durable: false });
    project.provide('databaseUrl', services.databaseUrl);
    project.provide('redisUrl', services.redisUrl);
    project.provide('s3', services.s3);
  } catch (error) {
    await tearDown();
    throw error;
  }
  return tearDown;
}
