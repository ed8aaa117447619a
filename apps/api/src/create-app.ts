import multipart from '@fastify/multipart';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ApiSettings } from '@polyreel/config';
import type { ApiKeys } from '@polyreel/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Logger, PinoLogger } from 'nestjs-pino';
import { AppModule } from './app.module.js';
import { dialects } from './dialects/index.js';
import { serveDocumentation } from './docs/documentation.js';
import { useRequestMetrics } from './health/request-metrics.js';
import { useAuthentication } from './http/authentication.js';
import { AllowedMethods } from './http/allowed-methods.js';
import { useBodyLimits } from './http/body-limits.js';
import { ErrorFilter } from './http/error.filter.js';
import { useRequestLog } from './http/request-log.js';
import { useTolerantJson } from './http/tolerant-json.js';
import { API_KEYS } from './tasks/tokens.js';

const VERSION = '0.1.0';

/** Request ids of clients are kept when they are harmless in logs. */
const harmlessId = /^[\w.-]{1,64}$/;

/** The whole API, ready to listen. */
export async function createApp(settings: ApiSettings): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1024 },
    bodyLimit: settings.limits.jsonBytes,
    requestIdHeader: false,
    genReqId: (request: IncomingMessage) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && harmlessId.test(given) ? given : randomUUID();
    },
    // A client may take as long as its upload needs, but must begin to speak.
    connectionTimeout: 0,
    requestTimeout: 0,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      errors.answer(error, request, reply),
  });
  const errors = new ErrorFilter(dialects, new AllowedMethods(adapter.getInstance()));
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(settings), adapter, {
    bufferLogs: true,
    bodyParser: false,
  });
  app.useLogger(app.get(Logger));
  app.useGlobalFilters(errors);
  app.enableShutdownHooks();
  const fastify = adapter.getInstance();
  fastify.addHook('onSend', async (request, reply) => {
    void reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff');
  });
  useRequestLog(fastify, await app.resolve(PinoLogger));
  useRequestMetrics(fastify);
  useAuthentication(fastify, settings.auth, app.get<ApiKeys>(API_KEYS));
  useBodyLimits(fastify, dialects, settings.limits);
  useTolerantJson(fastify, settings.limits.jsonBytes);
  await app.register(multipart);
  serveDocumentation(app, dialects, VERSION);
  return app;
}
