import { expect, inject, it } from 'vitest';
import { acceptsConnections, exchange } from '../src/probes.js';

it('provides a Postgres that asks for a password', async () => {
  const url = new URL(inject('databaseUrl'));
  await expect.poll(() => acceptsConnections(url.hostname, Number(url.port))).toBe(true);
});

it('provides a Redis that refuses strangers', async () => {
  const { port, password } = new URL(inject('redisUrl'));
  const answers = (message: string, part: string) =>
    expect.poll(() => exchange('127.0.0.1', Number(port), message, (text) => text.includes(part))).toBe(true);
  await answers('PING\r\n', 'NOAUTH');
  await answers(`AUTH ${password}\r\nCONFIG GET maxmemory-policy\r\n`, 'noeviction');
});

it('provides an S3 that refuses unsigned requests', async () => {
  const { endpoint, bucket } = inject('s3');
  const reply = await fetch(`${endpoint}/${bucket}/?list-type=2`);
  expect(reply.status).toBeGreaterThanOrEqual(400);
});
