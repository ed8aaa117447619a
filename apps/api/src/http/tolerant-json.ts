import type { FastifyInstance } from 'fastify';
import { ApiError } from './api-error.js';

/**
 * JSON bodies as clients really send them: an empty body with a JSON content type (SDKs do that on
 * DELETE and cancel) is undefined, a missing content type with a JSON body is JSON.
 */
export function useTolerantJson(fastify: FastifyInstance, bodyLimit: number): void {
  const parse = (
    _request: unknown,
    body: string | Buffer,
    done: (error: Error | null, value?: unknown) => void,
  ) => {
    const text = body.toString();
    if (text.trim() === '') return done(null, undefined);
    try {
      done(null, JSON.parse(text, withoutPrototype));
    } catch (error) {
      const limit = positionOf(error, text);
      done(new ApiError('unreadable-body', 'The body is not valid JSON.', { limit, cause: error }));
    }
  };
  fastify.removeContentTypeParser('application/json');
  fastify.addContentTypeParser(/^application\/(.+\+)?json\b/i, { parseAs: 'string', bodyLimit }, parse);
  fastify.addContentTypeParser('text/plain', { parseAs: 'string', bodyLimit }, parse);
  fastify.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit },
    (_r, body, done) => done(null, Object.fromEntries(new URLSearchParams(body.toString()))),
  );
  fastify.addContentTypeParser('*', { parseAs: 'string', bodyLimit }, (request, body, done) => {
    const type = request.headers['content-type'];
    if (type === undefined || body.length === 0) return parse(request, body, done);
    done(new ApiError('unsupported-content-type', 'Send JSON or multipart/form-data.'));
  });
}

/** Character at which reading stopped, as far as the parser tells. */
function positionOf(error: unknown, text: string): number {
  const message = error instanceof Error ? error.message : '';
  const told = /at position (\d+)/.exec(message)?.[1];
  if (told !== undefined) return Number(told);
  return /end of JSON input/.test(message) ? text.length : 0;
}

function withoutPrototype(key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value;
}
