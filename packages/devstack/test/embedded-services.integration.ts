import { once, EventEmitter } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { startEmbeddedServices, Supervisor } from '../src/index.js';
import { acceptsConnections } from '../src/probes.js';
import { processRows, temporaryDataDir } from './data-dir.js';

it('brings Postgres, Redis and S3 back after kill -9, at the same addresses', async () => {
  const events = new EventEmitter();
  const dataDir = await temporaryDataDir();
  const supervisor = await Supervisor.open(dataDir, { recovered: (name) => events.emit(name) });
  onTestFinished(() => supervisor.stop());
  await startEmbeddedServices(supervisor, { durable: true });

  const rows = [...(await processRows(dataDir)).values()];
  expect(rows.map(({ name }) => name).sort()).toEqual(['postgres', 'redis', 's3']);
  const recovered = Promise.all(rows.map(({ name }) => once(events, name)));
  for (const { pid } of rows) process.kill(pid, 'SIGKILL');
  await recovered;
  for (const { port } of rows) await expect.poll(() => acceptsConnections('127.0.0.1', port)).toBe(true);
});
