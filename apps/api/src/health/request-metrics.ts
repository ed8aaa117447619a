import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Histogram, register } from 'prom-client';

/** Measures every request by route pattern, never by raw path: ids must not become label values. */
export function useRequestMetrics(fastify: FastifyInstance): void {
  collectDefaultMetrics();
  const seconds = new Histogram({
    name: 'polyreel_http_request_seconds',
    help: 'Duration of HTTP requests until the reply is sent',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 90],
  });
  const aborted = new Counter({
    name: 'polyreel_http_requests_aborted_total',
    help: 'Requests whose client went away before the reply was sent',
    labelNames: ['method', 'route'],
  });
  fastify.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown';
    seconds.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
  });
  fastify.addHook('onRequestAbort', async (request) => {
    aborted.inc({ method: request.method, route: request.routeOptions.url ?? 'unknown' });
  });
  fastify.get('/metrics', async (_request, reply) => {
    void reply.header('content-type', register.contentType);
    return register.metrics();
  });
}
