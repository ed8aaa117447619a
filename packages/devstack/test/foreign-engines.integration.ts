import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { silentEngines } from '../src/foreign-engines.js';
import { freePort } from '../src/free-port.js';

it('names the engines nobody answers for, and no others', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const answering = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const silent = [`127.0.0.1:${await freePort('127.0.0.1')}`, `[::1]:${await freePort('127.0.0.1')}`];
  // A busy machine may fail to connect within the second.
  await expect.poll(() => silentEngines([answering, ...silent])).toEqual(silent);
  expect(await silentEngines([])).toEqual([]);
});
