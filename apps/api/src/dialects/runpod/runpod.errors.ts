import type { ApiErrorCode, DialectErrors, ErrorReply } from '../../http/api-error.js';

/** Status of each failure, and a text where the plain one would not help a client of this API. */
const replies: Record<ApiErrorCode, { status: number; text?: string }> = {
  'invalid-fields': { status: 400 },
  'unreadable-body': { status: 400 },
  'unsupported-content-type': { status: 400, text: 'Send the request as application/json.' },
  'body-too-large': { status: 413, text: 'The request is too large. Give media as URLs or volume paths.' },
  'rejected-input': { status: 400 },
  unauthorized: { status: 401, text: 'Unauthorized' },
  'route-not-found': { status: 404, text: 'There is no such endpoint or operation.' },
  'method-not-allowed': { status: 405 },
  'unknown-task': { status: 404, text: 'job not found' },
  'result-not-ready': { status: 404 },
  'wrong-state': { status: 400 },
  'duplicate-task': { status: 400 },
  'idempotency-key-reused': { status: 422 },
  'queue-full': { status: 429 },
  'range-not-satisfiable': { status: 400 },
  unavailable: { status: 503 },
  internal: { status: 500, text: 'Internal server error' },
};

export const runpodErrors: DialectErrors = (error): ErrorReply => {
  const { status, text } = replies[error.code];
  return { status, body: { error: text ?? error.message } };
};
