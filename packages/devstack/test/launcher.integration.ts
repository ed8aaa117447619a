import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { Supervisor, type EmbeddedServices } from '../src/index.js';
import { acceptsConnections } from '../src/probes.js';
import { aliveAmong, processRows, temporaryDataDir } from './data-dir.js';

const script = join(import.meta.dirname, 'fixtures/launcher.mjs');

/** Starts the launcher in a process of its own and resolves when all its parts are ready. */
async function launch(dataDir: string, ...foreign: string[]) {
  const child = spawn(process.execPath, [script, dataDir, ...foreign], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => stop(child));
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, services: JSON.parse(line) as EmbeddedServices };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

/** There is no event for the end of a process that is not ours. */
async function allGone(pids: number[], seconds: number): Promise<boolean> {
  const end = Date.now() + seconds * 1000;
  while ((await aliveAmong(pids)).length > 0) {
    if (Date.now() > end) return false;
    await delay(50);
  }
  return true;
}

const pidsOf = async (dataDir: string) => [...(await processRows(dataDir)).values()].map(({ pid }) => pid);

it('runs two instances side by side', async () => {
  const [first, second] = await Promise.all([
    launch(await temporaryDataDir()),
    launch(await temporaryDataDir()),
  ]);
  const ports = [first, second].flatMap(({ services }) =>
    [services.databaseUrl, services.redisUrl, services.s3.endpoint].map((url) => Number(new URL(url).port)),
  );
  expect(new Set(ports).size).toBe(6);
  for (const port of ports) await expect.poll(() => acceptsConnections('127.0.0.1', port)).toBe(true);
  expect(first.services.s3.secretAccessKey).not.toBe(second.services.s3.secretAccessKey);
});

it.each([
  ['databaseUrl', ['redis', 's3']],
  ['redisUrl', ['postgres', 's3']],
  ['s3', ['postgres', 'redis']],
])('does not start the part that %s replaces', async (foreign, embedded) => {
  const dataDir = await temporaryDataDir();
  const { services } = await launch(dataDir, foreign);
  expect([...(await processRows(dataDir)).keys()].sort()).toEqual(embedded);
  expect(services[foreign as keyof EmbeddedServices]).toBe(`${foreign}-from-elsewhere`);
});

it('leaves no process behind when it is killed with -9', async () => {
  const dataDir = await temporaryDataDir();
  const { child } = await launch(dataDir);
  const pids = await pidsOf(dataDir);
  expect(pids).toHaveLength(3);
  child.kill('SIGKILL');
  expect(await allGone(pids, 40)).toBe(true);
});

it('cleans up at the next start what a killed launcher could not, and finds its data again', async () => {
  const dataDir = await temporaryDataDir();
  const first = await launch(dataDir);
  const pids = await pidsOf(dataDir);
  // Stopped, the guard cannot act; this is what a power cut of both looks like to the next start.
  const guard = await guardOf(first.child);
  process.kill(guard, 'SIGSTOP');
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  process.kill(guard, 'SIGKILL');
  expect(await aliveAmong(pids)).toEqual(pids);

  let stopped: string[] = [];
  const supervisor = await Supervisor.open(dataDir, { leftoversStopped: (names) => (stopped = names) });
  expect(stopped.sort()).toEqual(['postgres', 'redis', 's3']);
  expect(await allGone(pids, 0)).toBe(true);
  await supervisor.stop();

  const second = await launch(dataDir);
  expect(new URL(second.services.databaseUrl).password).toBe(new URL(first.services.databaseUrl).password);
  await stop(second.child);
});

/** The guard is the one child of the launcher that is no service, so it stands in no table. */
async function guardOf(launcher: ChildProcess): Promise<number> {
  const ps = spawn('ps', ['-o', 'pid=,args=', '--ppid', String(launcher.pid)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const line of createInterface({ input: ps.stdout })) {
    if (line.includes('guard.mjs')) return Number(line.trim().split(' ')[0]);
  }
  throw new Error('the launcher has no guard');
}
