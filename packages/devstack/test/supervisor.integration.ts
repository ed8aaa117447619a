import { once, EventEmitter } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Supervisor, type SupervisorEvents } from '../src/index.js';
import { acceptsConnections } from '../src/probes.js';
import { aliveAmong, isAlive, processRows, temporaryDataDir } from './data-dir.js';
import { standIn } from './stand-in.js';

async function open(dataDir: string, events?: SupervisorEvents): Promise<Supervisor> {
  const supervisor = await Supervisor.open(dataDir, events);
  onTestFinished(() => supervisor.stop());
  return supervisor;
}

it('starts a killed child again, on the same port', async () => {
  const events = new EventEmitter();
  const dataDir = await temporaryDataDir();
  const supervisor = await open(dataDir, {
    crashed: (name, how) => events.emit('crashed', name, how),
    recovered: (name) => events.emit('recovered', name),
  });
  await supervisor.start(await standIn('part'));
  const before = (await processRows(dataDir)).get('part');
  if (!before) throw new Error('the child is not in the table');

  const crashed = once(events, 'crashed');
  const recovered = once(events, 'recovered');
  process.kill(before.pid, 'SIGKILL');
  expect(await crashed).toEqual(['part', 'ended by SIGKILL']);
  expect(await recovered).toEqual(['part']);

  const after = (await processRows(dataDir)).get('part');
  expect(after?.pid).not.toBe(before.pid);
  expect(after?.port).toBe(before.port);
  await expect.poll(() => acceptsConnections('127.0.0.1', before.port)).toBe(true);
});

it('stops in the wanted order and leaves nothing behind', async () => {
  const dataDir = await temporaryDataDir();
  const supervisor = await open(dataDir);
  const diary = join(dataDir, 'diary');
  const farewell = (name: string) =>
    `process.on('SIGTERM', () => { require('node:fs').appendFileSync(${JSON.stringify(diary)}, '${name} '); process.exit() })`;
  for (const name of ['ground', 'middle', 'top']) await supervisor.start(await standIn(name, farewell(name)));
  const rows = [...(await processRows(dataDir)).values()];
  expect(rows.map(({ name }) => name)).toEqual(['ground', 'middle', 'top']);

  await supervisor.stop([['top'], ['middle']]);
  expect(await readFile(diary, 'utf8')).toBe('top middle ground ');
  expect(await aliveAmong(rows.map(({ pid }) => pid))).toEqual([]);
  expect((await processRows(dataDir)).size).toBe(0);
});

it('insists when a child ignores the stop signal', async () => {
  const dataDir = await temporaryDataDir();
  const supervisor = await open(dataDir);
  await supervisor.start(await standIn('stubborn', `process.on('SIGTERM', () => {})`, { stopSeconds: 0.3 }));
  const pid = (await processRows(dataDir)).get('stubborn')?.pid ?? 0;
  await supervisor.stop();
  expect(await isAlive(pid)).toBe(false);
});

it('tells why a child could not start, with the end of its log', async () => {
  const supervisor = await open(await temporaryDataDir());
  const broken = await standIn('broken', `console.error('no such weights'); process.exit(3)`);
  await expect(supervisor.start(broken)).rejects.toThrow(/broken ended with exit code 3[^]*no such weights/);
  const absent = await standIn('absent', '', { command: '/nonexistent/program' });
  await expect(supervisor.start(absent)).rejects.toThrow(/absent could not be started/);
});

it('gives up on a child that never gets ready, and ends it', async () => {
  const dataDir = await temporaryDataDir();
  const supervisor = await open(dataDir);
  const definition = await standIn('slow', '', { isReady: () => Promise.resolve(false), readySeconds: 0.3 });
  await expect(supervisor.start(definition)).rejects.toThrow('slow was not ready after 0.3 s');
  expect((await processRows(dataDir)).size).toBe(0);
});

it('lets one launcher at a time use a data folder', async () => {
  const dataDir = await temporaryDataDir();
  const supervisor = await open(dataDir);
  await expect(Supervisor.open(dataDir)).rejects.toThrow(/Another Polyreel \(process \d+\) already uses/);
  await supervisor.stop();
  await (await Supervisor.open(dataDir)).stop();
});
