import type { LimitSettings } from '@polyreel/config';
import type { FastifyInstance } from 'fastify';
import type { Dialect } from './dialect.js';

/** Gives routes a smaller body than the server's own limit where their dialect wishes it. */
export function useBodyLimits(
  fastify: FastifyInstance,
  dialects: readonly Dialect[],
  limits: LimitSettings,
): void {
  const bytesOf = new Map(dialects.flatMap(({ bodyBytes }) => Object.entries(bodyBytes?.(limits) ?? {})));
  fastify.addHook('onRoute', (route) => {
    const bytes = bytesOf.get(route.url);
    if (bytes !== undefined) route.bodyLimit = Math.min(bytes, limits.jsonBytes);
  });
}
