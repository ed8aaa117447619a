import type { TaskErrorCode } from '@polyreel/core';
import type { ApiErrorCode, DialectErrors, ErrorContext } from '../../http/api-error.js';
import { fastapiValidationBody } from '../../http/fastapi-errors.js';
import { preferredLanguage, type Language } from '../../http/language.js';

type Texts = Readonly<Record<Language, string>>;

/** Absent detail: the sentence of the error itself, which is English. */
const replies: Record<ApiErrorCode, { readonly status: number; readonly detail?: Texts }> = {
  'invalid-fields': { status: 422 },
  'unreadable-body': { status: 422 },
  'unsupported-content-type': { status: 422 },
  'body-too-large': { status: 413, detail: { zh: '请求体过大', en: 'The body is too large' } },
  'rejected-input': { status: 400 },
  unauthorized: { status: 401, detail: { zh: '需要有效的 API 密钥', en: 'A valid API key is required' } },
  'route-not-found': { status: 404, detail: same('Not Found') },
  'method-not-allowed': { status: 405, detail: same('Method Not Allowed') },
  'unknown-task': { status: 404, detail: { zh: '任务不存在', en: 'Task not found' } },
  'result-not-ready': { status: 404, detail: { zh: '结果尚不可用', en: 'There is no such result (yet)' } },
  'wrong-state': { status: 409 },
  'duplicate-task': { status: 409 },
  'idempotency-key-reused': { status: 422 },
  'queue-full': {
    status: 503,
    detail: { zh: '队列已满，请稍后再试', en: 'The queue is full, try again later' },
  },
  'range-not-satisfiable': {
    status: 416,
    detail: { zh: '请求的范围超出文件', en: 'The range lies outside the file' },
  },
  unavailable: {
    status: 503,
    detail: { zh: '服务暂时不可用，请稍后再试', en: 'The server cannot reach its storage, try again soon' },
  },
  internal: { status: 500, detail: { zh: '服务器内部错误', en: 'Internal Server Error' } },
};

/** What is wrong with an input, before the English sentence that tells which and why. */
const inputTexts: Record<TaskErrorCode, string> = {
  INVALID_INPUT: '输入或参数无效',
  UNSUPPORTED_MEDIA: '文件格式不受支持',
  INPUT_UNREACHABLE: '无法下载输入文件',
  INPUT_TOO_LARGE: '输入文件过大',
  FACE_NOT_DETECTED: '未检测到人脸',
  AUDIO_TOO_SHORT: '音频过短',
  OUT_OF_MEMORY: '显存不足',
  ENGINE_UNAVAILABLE: '推理引擎暂不可用',
  ENGINE_LOST: '推理引擎中断',
  UPLOAD_FAILED: '结果保存失败',
  EXECUTION_TIMEOUT: '处理超时',
  EXPIRED: '任务已过期',
  CANCELLED: '任务已取消',
  INTERNAL: '内部错误',
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
  const language = languageOf(context);
  const { taskError } = error.details;
  if (taskError && language === 'zh')
    return { status, body: { detail: `${inputTexts[taskError]}: ${error.message}` } };
  return { status, body: { detail: detail?.[language] ?? error.message } };
};

/** Chinese unless the client prefers English: the original speaks Chinese only. */
export function languageOf(context: Pick<ErrorContext, 'headers'>): Language {
  return preferredLanguage(context.headers['accept-language'], 'zh');
}

function same(text: string): Texts {
  return { zh: text, en: text };
}
