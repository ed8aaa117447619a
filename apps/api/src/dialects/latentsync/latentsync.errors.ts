import type { ApiErrorCode, DialectErrors, ErrorContext } from '../../http/api-error.js';
import { fastapiValidationBody } from '../../http/fastapi-errors.js';
import { preferredLanguage, type Language } from '../../http/language.js';

type Reply = { readonly status: number; readonly detail?: Readonly<Record<Language, string>> };

const replies: Record<ApiErrorCode, Reply> = {
  'invalid-fields': { status: 422 },
  'unreadable-body': { status: 422 },
  'unsupported-content-type': { status: 422 },
  'body-too-large': { status: 413 },
  'rejected-input': { status: 400 },
  unauthorized: { status: 401, detail: { zh: '需要有效的 API 密钥', en: 'A valid API key is required' } },
  'route-not-found': { status: 404, detail: { zh: 'Not Found', en: 'Not Found' } },
  'method-not-allowed': { status: 405, detail: { zh: 'Method Not Allowed', en: 'Method Not Allowed' } },
  'unknown-task': { status: 404, detail: { zh: '任务不存在', en: 'Task not found' } },
  'result-not-ready': { status: 404, detail: { zh: '结果尚不可用', en: 'There is no such result (yet)' } },
  'wrong-state': { status: 409 },
  'duplicate-task': { status: 409 },
  'idempotency-key-reused': { status: 422 },
  'queue-full': {
    status: 503,
    detail: { zh: '队列已满，请稍后再试', en: 'The queue is full, try again later' },
  },
  'range-not-satisfiable': { status: 416 },
  unavailable: { status: 503 },
  internal: { status: 500, detail: { zh: '服务器内部错误', en: 'Internal Server Error' } },
};

const validationCodes: readonly ApiErrorCode[] = [
  'invalid-fields',
  'unreadable-body',
  'unsupported-content-type',
  'idempotency-key-reused',
];

export const latentsyncErrors: DialectErrors = (error, context) => {
  const { status, detail } = replies[error.code];
  if (validationCodes.includes(error.code)) return { status, body: fastapiValidationBody(error) };
  return { status, body: { detail: detail?.[languageOf(context)] ?? error.message } };
};

/** Chinese unless the client prefers English: the original speaks Chinese only. */
export function languageOf(context: Pick<ErrorContext, 'headers'>): Language {
  return preferredLanguage(context.headers['accept-language'], 'zh');
}
