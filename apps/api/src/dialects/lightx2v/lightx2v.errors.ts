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
  'unknown-task': { status: 404, detail: 'Task not found' },
  'result-not-ready': { status: 404 },
  'wrong-state': { status: 409 },
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

export const lightx2vErrors: DialectErrors = (error): ErrorReply => {
  const { status, detail } = replies[error.code];
  if (validationCodes.includes(error.code)) return { status, body: fastapiValidationBody(error) };
  if (error.code === 'duplicate-task')
    return { status, body: { detail: `Task ID ${error.details.publicId} already exists` } };
  if (error.code === 'queue-full')
    return { status, body: { detail: `Task queue is full (max ${error.details.limit} tasks)` } };
  return { status, body: { detail: detail ?? error.message } };
};
