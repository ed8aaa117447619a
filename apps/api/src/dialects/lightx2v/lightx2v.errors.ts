import type { ApiErrorCode, DialectErrors, ErrorReply } from '../../http/api-error.js';
import { fastapiValidationBody } from '../../http/fastapi-errors.js';

/** Status of each failure, and the original's own text where it has one. */
const replies: Record<ApiErrorCode, { status: number; detail?: string }> = {
  'invalid-fields': { status: 422 },
  'unreadable-body': { status: 422 },
  'unsupported-content-type': { status: 422 },
  'body-too-large': { status: 413 },
  'rejected-input': { status: 400 },
  unauthorized: { status: 401 },
  'route-not-found': { status: 404, detail: 'Not Found' },
  'method-not-allowed': { status: 405, detail: 'Method Not Allowed' },
  'unknown-task': { status: 404 },
  'result-not-ready': { status: 404, detail: 'Task result file does not exist' },
  // The only request of this dialect a state can forbid is that for the result.
  'wrong-state': { status: 404, detail: 'Task not completed' },
  'duplicate-task': { status: 503 },
  'idempotency-key-reused': { status: 422 },
  'queue-full': { status: 503 },
  'range-not-satisfiable': { status: 416 },
  unavailable: { status: 503 },
  internal: { status: 500, detail: 'Internal Server Error' },
};

const validationCodes: readonly ApiErrorCode[] = [
  'invalid-fields',
  'unreadable-body',
  'unsupported-content-type',
  'idempotency-key-reused',
];

/** Routes of the original that make or judge images. */
const imagePath = /^(\/lightx2v)?\/v1\/(images|tasks\/(image|sensenova-vision))(\/|$)/;

/** A path that climbs: with dots, in whatever spelling. */
const climbing = /^(\/lightx2v)?\/v1\/files\/download\/(.*(\/|%2f))?(\.|%2e){2}(\/|%2f|$)/i;

export const lightx2vErrors: DialectErrors = (error, { path }): ErrorReply => {
  const { status, detail } = replies[error.code];
  if (validationCodes.includes(error.code)) return { status, body: fastapiValidationBody(error) };
  if (imagePath.test(path) && ['route-not-found', 'method-not-allowed'].includes(error.code))
    return { status: 404, body: { detail: 'This server makes videos; it has no image tasks.' } };
  if (error.code === 'unknown-task' && climbing.test(path))
    return { status: 403, body: { detail: 'Access to this file is not allowed' } };
  if (error.code === 'duplicate-task')
    return { status, body: { detail: `Task ID ${error.details.publicId} already exists` } };
  if (error.code === 'queue-full')
    return { status, body: { detail: `Task queue is full (max ${error.details.limit} tasks)` } };
  return { status, body: { detail: detail ?? error.message } };
};
