import type { ApiKeys, JsonObject } from '@polyreel/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from './api-error.js';
import { digestOfKey, SOLE_TENANT } from './stored-key.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Settings of the API key. Undefined: authentication is off. */
    keySettings: JsonObject | undefined;
    /** The key may change something. Requests that only read by their method are let through without. */
    mayWrite: boolean;
  }
}

/** Paths that answer without a key: probes, metrics and documentation. */
const openPaths = /^\/(health(\/.*)?|metrics|docs(\/.*)?|redoc(\/.*)?|v1\/health_check|openapi\.json)?$/;

const readingMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Finds out who asks, before any body is read. Keys are accepted as `Authorization: Bearer KEY`,
 * bare `Authorization: KEY` (RunPod's curl lines) and `X-API-Key: KEY`.
 */
export function useAuthentication(fastify: FastifyInstance, mode: 'off' | 'keys', keys: ApiKeys): void {
  fastify.decorateRequest('tenant', SOLE_TENANT);
  fastify.decorateRequest('keySettings', undefined);
  fastify.decorateRequest('mayWrite', true);
  if (mode === 'off') return;
  fastify.addHook('onRequest', async (request) => {
    if (openPaths.test(request.url.split('?', 1)[0]!)) return;
    const key = keyOf(request);
    // Keys carry 160 random bits, so a lookup by digest leaks nothing a timing could help with.
    const owner = key && (await keys.findOwner(digestOfKey(key)));
    if (!owner) throw new ApiError('unauthorized', 'A valid API key is required.');
    const scope = readingMethods.has(request.method) ? 'tasks:read' : 'tasks:write';
    if (!owner.scopes.includes(scope))
      throw new ApiError('unauthorized', `The API key lacks the scope ${scope}.`);
    request.tenant = owner.tenant;
    request.keySettings = owner.settings;
    request.mayWrite = owner.scopes.includes('tasks:write');
  });
}

function keyOf(request: FastifyRequest): string | undefined {
  const header = request.headers.authorization ?? request.headers['x-api-key'];
  if (typeof header !== 'string') return undefined;
  return header.replace(/^bearer\s+/i, '').trim() || undefined;
}
