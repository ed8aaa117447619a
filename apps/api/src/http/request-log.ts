import type { FastifyInstance } from 'fastify';
import type { PinoLogger } from 'nestjs-pino';

/** Probes and metrics would drown everything else. */
const quietPaths = /^\/(health|metrics)(\/|$)/;

/**
 * One line per request when its reply is sent, and the request id on every line written meanwhile.
 * Paths are logged without their query, headers and bodies never: they may hold keys and signatures.
 */
export function useRequestLog(fastify: FastifyInstance, logger: PinoLogger): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    logger.runInContext(() => done(), { bindings: { requestId: request.id } });
  });
  fastify.addHook('onResponse', async (request, reply) => {
    const path = request.url.split('?', 1)[0]!;
    if (quietPaths.test(path)) return;
    const { statusCode: status, elapsedTime } = reply;
    // The request id is bound to the logger of this context already.
    const fields = {
      tenant: request.tenant,
      method: request.method,
      path,
      status,
      milliseconds: Math.round(elapsedTime),
    };
    logger[status >= 500 ? 'error' : 'info'](fields, `${request.method} ${path} ${status}`);
  });
}
