import { HttpException } from '@nestjs/common';
import { DuplicatePublicIdError, IdempotencyKeyReusedError, QueueFullError, TaskError } from '@polyreel/core';
import { ApiError, type ApiErrorCode } from './api-error.js';

/** Seconds after which a full queue is worth another try. */
const QUEUE_RETRY_SECONDS = 10;

const codeOfStatus: Record<number, ApiErrorCode> = {
  400: 'unreadable-body',
  401: 'unauthorized',
  404: 'route-not-found',
  405: 'method-not-allowed',
  413: 'body-too-large',
  415: 'unsupported-content-type',
  416: 'range-not-satisfiable',
  503: 'unavailable',
};

const connectionErrors = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
]);

/** Anything thrown while a request was answered, as one of the closed codes. Unknown things are `internal`. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof TaskError)
    return new ApiError('rejected-input', thrown.message, { taskError: thrown.code, cause: thrown });
  if (thrown instanceof DuplicatePublicIdError)
    return new ApiError('duplicate-task', thrown.message, { publicId: thrown.publicId });
  if (thrown instanceof IdempotencyKeyReusedError)
    return new ApiError('idempotency-key-reused', thrown.message, {
      problems: [
        {
          location: 'header',
          path: ['Idempotency-Key'],
          rule: 'conflict',
          message: thrown.message,
          value: thrown.key,
        },
      ],
    });
  if (thrown instanceof QueueFullError)
    return new ApiError('queue-full', thrown.message, {
      limit: thrown.limit,
      retryAfterSeconds: QUEUE_RETRY_SECONDS,
    });
  if (thrown instanceof HttpException)
    return new ApiError(codeOfStatus[thrown.getStatus()] ?? 'internal', thrown.message, { cause: thrown });
  if (thrown instanceof Error) return fromLibraryError(thrown);
  return internal(thrown);
}

function fromLibraryError(error: Error & { code?: unknown; statusCode?: unknown }): ApiError {
  const code = typeof error.code === 'string' ? error.code : '';
  if (connectionErrors.has(code))
    return new ApiError('unavailable', 'The server cannot reach its storage. Try again soon.', {
      retryAfterSeconds: 5,
      cause: error,
    });
  // Percent signs that encode nothing: no such path can exist.
  if (code === 'FST_ERR_BAD_URL') return new ApiError('route-not-found', error.message, { cause: error });
  // Fastify and its plugins carry the status of a request they refuse.
  if (/^FST_/.test(code) && typeof error.statusCode === 'number' && error.statusCode < 500)
    return new ApiError(codeOfStatus[error.statusCode] ?? 'unreadable-body', error.message, { cause: error });
  return internal(error);
}

function internal(cause: unknown): ApiError {
  return new ApiError('internal', 'Internal server error', { cause });
}
