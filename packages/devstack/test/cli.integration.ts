import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { childEnvironment } from '@polyreel/config';
import { expect, it } from 'vitest';
import { root } from '../src/checkout.js';
import { Supervisor } from '../src/index.js';
import { temporaryDataDir } from './data-dir.js';

async function cli(args: string[], env: Record<string, string> = {}) {
  const main = join(root, 'packages/devstack/dist/cli.js');
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: childEnvironment(env),
  });
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number]>,
  ]);
  return { code, output: output + errors };
}

it('prints the options and starts nothing', async () => {
  const { code, output } = await cli(['--help']);
  expect(code).toBe(0);
  expect(output).toContain('--data-dir');
});

it('refuses unknown options with the usage', async () => {
  const { code, output } = await cli(['--bogus']);
  expect(code).toBe(2);
  expect(output).toContain("'--bogus'");
  expect(output).toContain('Usage: npm start');
});

it('names the option when the port is taken', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { code, output } = await cli(['--port', String(port), '--data-dir', await temporaryDataDir()]);
  server.close();
  expect(code).toBe(1);
  expect(output).toContain(`Port ${port} on 127.0.0.1 is taken`);
  expect(output).toContain(`--port ${port + 1}`);
});

it('says who uses the data folder', async () => {
  const dataDir = await temporaryDataDir();
  const supervisor = await Supervisor.open(dataDir);
  const { code, output } = await cli(['--port', '0', '--data-dir', dataDir]);
  await supervisor.stop();
  expect(code).toBe(1);
  expect(output).toContain(`process ${process.pid}`);
  expect(output).not.toContain('    at ');
});

it('lists wrong settings without their secrets', async () => {
  const { code, output } = await cli([], { DATABASE_URL: 'mysql://someone:hunter2@db', LOG_LEVEL: 'loud' });
  expect(code).toBe(2);
  expect(output).toContain('DATABASE_URL');
  expect(output).toContain('LOG_LEVEL');
  expect(output).not.toContain('hunter2');
});
