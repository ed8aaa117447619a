import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AllowedMethods } from './allowed-methods.js';
import { ApiError, type ErrorReply } from './api-error.js';
import { dialectOfPath, type Dialect } from './dialect.js';
import { toApiError } from './to-api-error.js';

/** Answers every failure in the words of the dialect that owns the path. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger(ErrorFilter.name);

  constructor(
    private readonly dialects: readonly Dialect[],
    private readonly allowed: AllowedMethods,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  /** The same for what the server refuses before any route is found. */
  answer(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const path = request.url.split('?', 1)[0]!;
    const error = this.withMethods(toApiError(thrown), request.method, path);
    if (error.code === 'internal' || error.code === 'unavailable')
      this.logger.error({ err: error.details.cause ?? error, requestId: request.id }, error.message);
    if (reply.sent || reply.raw.headersSent) {
      // The body is on its way already: all that is left is to break it off, so that nobody takes it as whole.
      reply.raw.destroy();
      return;
    }
    const dialect = dialectOfPath(this.dialects, path);
    const context = { method: request.method, path, headers: request.headers };
    const answer = dialect ? dialect.errors(error, context) : plainReply(error);
    const retryAfter = error.details.retryAfterSeconds;
    const { allow } = error.details;
    void reply
      .headers({
        ...(allow && { allow: allow.join(', ') }),
        ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
        ...answer.headers,
      })
      .status(answer.status)
      .type('application/json; charset=utf-8')
      .send(answer.body);
  }

  /** The router calls every miss "not found"; a path that answers to other methods is another matter. */
  private withMethods(error: ApiError, method: string, path: string): ApiError {
    if (error.code !== 'route-not-found') return error;
    const allow = this.allowed.of(path);
    if (allow.length === 0 || allow.includes(method)) return error;
    return new ApiError('method-not-allowed', 'Method Not Allowed', { allow });
  }
}

const plainStatus = {
  'invalid-fields': 422,
  'unreadable-body': 400,
  'unsupported-content-type': 415,
  'body-too-large': 413,
  'rejected-input': 400,
  unauthorized: 401,
  'route-not-found': 404,
  'method-not-allowed': 405,
  'unknown-task': 404,
  'result-not-ready': 404,
  'wrong-state': 409,
  'duplicate-task': 409,
  'idempotency-key-reused': 422,
  'queue-full': 503,
  'range-not-satisfiable': 416,
  unavailable: 503,
  internal: 500,
} as const satisfies Record<ApiError['code'], number>;

/** For paths no dialect owns. */
function plainReply(error: ApiError): ErrorReply {
  const message = error.code === 'route-not-found' ? 'Not Found' : error.message;
  return { status: plainStatus[error.code], body: { detail: message } };
}
