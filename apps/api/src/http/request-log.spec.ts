import Fastify from 'fastify';
import { PinoLogger } from 'nestjs-pino';
import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { useRequestLog } from './request-log.js';

it('writes one line per request, without query, and the request id on every line between', async () => {
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  const logger = new PinoLogger({ pinoHttp: [{ level: 'info' }, sink] });
  const fastify = Fastify({ genReqId: () => 'request-1' });
  useRequestLog(fastify, logger);
  fastify.get('/v1/tasks/:id', async () => {
    await Promise.resolve();
    logger.info('inside');
    return {};
  });
  fastify.get('/health/live', async () => ({}));
  await fastify.inject({ url: '/v1/tasks/x?key=secret', headers: { authorization: 'secret' } });
  await fastify.inject('/health/live');
  await fastify.inject('/unknown');
  await fastify.close();
  expect(lines.map(({ msg, requestId, path, status }) => [msg, requestId, path, status])).toEqual([
    ['inside', 'request-1', undefined, undefined],
    ['GET /v1/tasks/x 200', 'request-1', '/v1/tasks/x', 200],
    ['GET /unknown 404', 'request-1', '/unknown', 404],
  ]);
  expect(JSON.stringify(lines)).not.toContain('secret');
});
